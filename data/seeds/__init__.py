"""The curated start URLs (one TSV file a category) and the loader that checks them."""

from data.seeds.loader import CATEGORIES, SEED_FOLDER, Seed, load_seeds

__all__ = ["CATEGORIES", "SEED_FOLDER", "Seed", "load_seeds"]

"""Settings: one TOML file, COWESE_* variables and flags, in rising order; bad ones are named."""

from itertools import pairwise

import pytest

from data.errors import InputError
from flows.commands.options import read_settings
from flows.commands.settings import toml_lines
from flows.settings import load_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("COWESE_CONFIG", "COWESE_STORE"):
        monkeypatch.delenv(name, raising=False)


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_flags_win_over_variables_over_the_file(tmp_path, monkeypatch):
    config = write(
        tmp_path / "settings.toml",
        'store = "from-file"\n[crawl]\nproxy = "http://file:1"\ncontact = "file@example.org"\nmax_pages = 1\n',
    )
    monkeypatch.setenv("COWESE_CRAWL__PROXY", "http://variable:2")
    monkeypatch.setenv("COWESE_CRAWL__MAX_PAGES", "2")
    settings = load_settings(config, {"crawl.max_pages": 3, "crawl.contact": None})
    assert str(settings.store) == "from-file"
    assert settings.crawl.contact == "file@example.org"
    assert settings.crawl.proxy == "http://variable:2"
    assert settings.crawl.max_pages == 3


def test_cowese_toml_of_the_current_folder_is_read(tmp_path):
    write(tmp_path / "cowese.toml", 'store = "here"\n')
    assert str(load_settings().store) == "here"


def test_the_variable_names_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("COWESE_CONFIG", str(write(tmp_path / "other.toml", 'store = "there"\n')))
    assert str(load_settings().store) == "there"


def test_set_reads_lists_as_json():
    chosen = read_settings(None, None, ['crawl.allow_private=["10.1.0.0/16"]', 'clean.languages=["es", "ca"]'])
    assert chosen.crawl.allow_private == ("10.1.0.0/16",)
    assert chosen.clean.languages == ("es", "ca")


def test_set_names_a_list_that_is_not_json():
    with pytest.raises(InputError, match=r"--set clean\.languages=\[es\]: lists and tables are written as JSON"):
        read_settings(None, None, ["clean.languages=[es]"])


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"crawl.max_pages": 0}, ["crawl.max_pages", "greater than", "0"]),
        ({"crawl.colour": "red"}, ["crawl.colour", "no such setting", "cowese settings"]),
        ({"pretrain.preset": "huge"}, ["pretrain.preset", "tiny", "small", "huge"]),
    ],
)
def test_a_wrong_setting_is_named(flags, words):
    with pytest.raises(InputError) as caught:
        load_settings(None, flags)
    for word in words:
        assert word in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"absent\.toml: no such settings file"):
        load_settings(tmp_path / "absent.toml")


def test_a_broken_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match="not valid TOML"):
        load_settings(write(tmp_path / "broken.toml", "store = \n"))


def test_a_variable_that_should_be_a_table_is_an_error_though_a_flag_sets_a_value_of_it(monkeypatch):
    monkeypatch.setenv("COWESE_CRAWL", "[1]")
    with pytest.raises(InputError, match=r"setting crawl: it is a table of settings.*COWESE_CRAWL"):
        load_settings(flags={"crawl.max_pages": 2})


def test_a_variable_overrides_one_value_of_a_table_in_the_file(tmp_path, monkeypatch):
    file = tmp_path / "cowese.toml"
    file.write_text('[serve.alerts]\nwebhook = "http://a.example"\nabout = "all"\n')
    monkeypatch.setenv("cowese_serve__alerts__webhook", "http://b.example")
    alerts = load_settings(file).serve.alerts
    assert (alerts.webhook, alerts.about) == ("http://b.example", "all")


def test_a_misspelt_variable_is_an_error(monkeypatch):
    monkeypatch.setenv("COWESE_STOER", "x")
    with pytest.raises(InputError, match="COWESE_STOER: no such setting"):
        load_settings()


def test_a_misspelt_name_in_a_table_is_an_error(monkeypatch):
    monkeypatch.setenv("COWESE_CRAWL__PROXI", "x")
    with pytest.raises(InputError, match=r"crawl\.proxi: no such setting"):
        load_settings()


def test_an_error_says_where_a_value_was_read(tmp_path, monkeypatch):
    config = tmp_path / "c.toml"
    config.write_text('[clean]\nmin_chars = "pocos"\n', encoding="utf-8")
    with pytest.raises(InputError, match=rf"clean\.min_chars: .* \({config}\)\.$"):
        load_settings(config)
    with pytest.raises(InputError, match=r"clean\.languages\.1: .*'xx'\.$"):
        load_settings(None, {"clean.languages": ["es", "xx"]})
    monkeypatch.setenv("COWESE_CLEAN__MIN_CHARS", "muchos")
    with pytest.raises(InputError, match=r"not 'muchos' \(COWESE_CLEAN__MIN_CHARS\)\.$"):
        load_settings(config)
    monkeypatch.delenv("COWESE_CLEAN__MIN_CHARS")
    monkeypatch.setenv("COWESE_CLEAN_MIN_CHARS", "3")
    with pytest.raises(InputError, match=r"Two underscores stand for the dot: COWESE_CLEAN__MIN_CHARS\.$"):
        load_settings()
    monkeypatch.delenv("COWESE_CLEAN_MIN_CHARS")
    monkeypatch.setenv("COWESE_STORE_PATH", "x")
    with pytest.raises(InputError, match=r"COWESE_STORE_PATH: no such setting\. Variables begin"):
        load_settings()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"clean.languages": []}, "name at least one"),
        ({"clean.languages": ["es", "es"]}, "names one twice"),
        ({"clean.languages": "es,ca"}, "write a list"),
        ({"clean.mean_word_length": [14, 3]}, "the least and the most"),
        ({"publish.named_agents": "ignore"}, r"named_agents is now rights\.named_agents: write it into .* \[rights\]"),
        ({"rights.missing_licence": "perhaps"}, "rights.missing_licence: .*'ignore' or 'reserve'"),
        ({"clean": "3"}, r"a table of settings: set one of them, as clean\.NAME=VALUE"),
    ],
)
def test_what_does_not_fit_is_said_in_words_of_its_user(flags, words):
    with pytest.raises(InputError, match=words):
        load_settings(None, flags)


def test_every_setting_is_shown_with_its_meaning():
    lines = [line for line in toml_lines(load_settings(None), "") if line and not line.startswith("\n[")]
    unexplained = [
        line for before, line in pairwise(["", *lines]) if not line.startswith("#") and not before.startswith("#")
    ]
    assert unexplained == []

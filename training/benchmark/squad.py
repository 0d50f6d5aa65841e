"""JSON of SQuAD's shape: paragraphs, questions about them, answers that are pieces of the paragraph."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import InputError
from data.files import read_json
from training.benchmark.documents import Fragment


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a text."""

    name: str
    question: str
    context: str
    answers: tuple[tuple[Fragment, str], ...]
    """Where each right answer stands and what it says; none where the text does not answer."""
    place: str = field(default="", repr=False, compare=False)
    """Its file and id; for errors alone, so not in its representation, of which digests are made."""


class _Answer(BaseModel):
    text: str
    answer_start: int


class _Asked(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str
    question: str
    answers: list[_Answer] = []
    is_impossible: bool = False


class _Paragraph(BaseModel):
    context: str
    qas: list[_Asked]


class _Article(BaseModel):
    paragraphs: list[_Paragraph]


class _Squad(BaseModel):
    data: list[_Article]


def read_file(path: Path) -> list[Question]:
    """Read a file.

    Raises:
        InputError: not JSON of this shape, or an answer that does not stand where it is said to.
    """
    try:
        articles = _Squad.model_validate(read_json(path)).data
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"]))
        raise InputError(f"{path}: not of SQuAD's shape at {place} ({problem['msg'].lower()}).") from error
    return [
        _question(path, paragraph.context, asked)
        for article in articles
        for paragraph in article.paragraphs
        for asked in paragraph.qas
    ]


def is_squad(path: Path) -> bool:
    """Whether a JSON file is of SQuAD's shape at its top: other JSON lies beside tables and texts."""
    try:
        content = read_json(path)
    except InputError:
        return True  # its error is told when it is read
    return isinstance(content, dict) and isinstance(content.get("data"), list)


def with_own_names(read: Mapping[str, Sequence[Question]]) -> dict[str, list[Question]]:
    """The questions of each file, by its name; ids that several files of a split share get the file's name in front.

    Raises:
        InputError: a file has an id twice.
    """
    counts = Counter(question.name for questions in read.values() for question in questions)
    named: dict[str, list[Question]] = {}
    for file, questions in read.items():
        here = Counter(question.name for question in questions)
        twice = next((question for question in questions if here[question.name] > 1), None)
        if twice is not None:
            raise InputError(
                f"{twice.place}: the file has this id {here[twice.name]} times. Give each question its own."
            )
        named[file] = [
            replace(question, name=f"{file}/{question.name}") if counts[question.name] > 1 else question
            for question in questions
        ]
    return named


def _question(path: Path, context: str, asked: _Asked) -> Question:
    place = f"{path} (question {asked.id})"
    given = () if asked.is_impossible else asked.answers
    said = Question(asked.id, asked.question, context, (), place)
    return answered(said, [(answer.text, answer.answer_start) for answer in given])


def answered(question: Question, given: Sequence[tuple[str, int]]) -> Question:
    """The question with these answers, which begin there; an empty one says that the text does not answer.

    Raises:
        InputError: an answer stands elsewhere; names the question.
    """
    answers = []
    for text, start in given:
        if not text.strip():
            continue
        end = start + len(text)
        if start < 0 or question.context[start:end] != text:
            raise InputError(f"{question.place}: its answer {text[:40]!r} is not at {start}.")
        answers.append(((start, end), text))
    return replace(question, answers=tuple(answers))

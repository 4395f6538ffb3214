from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rag_sweeps.golden.anchoring import Place, find_place
from rag_sweeps.golden.words import stands_alone

TEXT = st.text(alphabet="ab \n\r\u0301é字😀.-\u00a0", max_size=60)


@given(before=TEXT, quote=TEXT, after=TEXT, inserted=TEXT)
def test_a_quote_is_found_again_after_text_is_put_before_it(before: str, quote: str, after: str, inserted: str) -> None:
    assume(quote.strip())
    text = inserted + before + quote + after
    place = find_place(text, quote, near=len(before))
    assert place is not None
    assert text[place.start : place.end] == quote


@given(before=TEXT, quote=TEXT, after=TEXT, data=st.data())
def test_a_quote_is_found_again_after_text_around_it_is_deleted(
    before: str, quote: str, after: str, data: st.DataObject
) -> None:
    assume(quote.strip())
    text = before[data.draw(st.integers(0, len(before))) :] + quote + after[: data.draw(st.integers(0, len(after)))]
    place = find_place(text, quote, near=len(before))
    assert place is not None
    assert text[place.start : place.end] == quote


@given(before=TEXT, quote=TEXT, after=TEXT, near=st.integers(0, 200))
def test_of_equally_good_places_the_nearest_is_chosen(before: str, quote: str, after: str, near: int) -> None:
    assume(quote.strip())
    text = before + quote + after + quote
    starts = [start for start in range(len(text)) if text.startswith(quote, start)]
    whole = [start for start in starts if stands_alone(text, start, start + len(quote))] or starts
    expected = min(whole, key=lambda start: (abs(start - near), start))
    assert find_place(text, quote, near=near) == Place(expected, expected + len(quote), len(whole))


@given(words=st.lists(st.text(alphabet="ab😀é", min_size=1, max_size=4), min_size=1, max_size=6), data=st.data())
def test_a_quote_is_found_in_reflowed_text(words: list[str], data: st.DataObject) -> None:
    space = st.sampled_from([" ", "  ", "\n", "\r\n", "\n\n\t", "\u00a0"])
    reflowed = words[0] + "".join(data.draw(space) + word for word in words[1:])
    text = "Before. " + reflowed + " After."
    place = find_place(text, " ".join(words), near=8)
    assert place is not None
    assert text[place.start : place.end].split() == words


def test_places_may_overlap() -> None:
    assert find_place("la la la", "la la", near=3) == Place(3, 8, 2)


def test_of_two_places_equally_near_the_earlier_is_chosen() -> None:
    assert find_place("one two one", "one", near=4) == Place(0, 3, 2)


def test_whole_words_go_before_parts_of_words() -> None:
    assert find_place("1308 and 308", "308", near=0) == Place(9, 12, 1)


def test_a_part_of_a_word_is_found_where_there_is_no_whole_one() -> None:
    assert find_place("concatenate", "cat", near=0) == Place(3, 6, 1)


def test_white_space_is_never_more_than_white_space() -> None:
    assert find_place("one, two", "one two", near=0) is None
    assert find_place("onetwo", "one two", near=0) is None


def test_characters_with_a_meaning_in_patterns_are_text() -> None:
    assert find_place("cost (in\n$): 3.5*", "cost (in $): 3.5*", near=0) == Place(0, 17, 1)


@pytest.mark.parametrize(
    ("text", "start", "end", "alone"),
    [
        ("the cat sat", 4, 7, True),
        ("concatenate", 3, 6, False),
        ("the cats", 4, 7, False),
        ("cat", 0, 3, True),
        ("cafe\u0301", 0, 4, False),
        ("日本語文", 1, 3, True),
        ("(cat)", 1, 4, True),
        ("fees: 3", 0, 5, True),
        ("snake_case", 0, 5, False),
    ],
)
def test_words_begin_and_end_where_readers_see_it(text: str, start: int, end: int, alone: bool) -> None:
    assert stands_alone(text, start, end) is alone

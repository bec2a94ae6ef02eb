"""`docs/scenarios.md` says which test shows which scenario; it says so truly, and leaves none out."""

from tests.support.scenarios_page import BAD_INPUTS, PAGE, SCENARIOS, page, shown_by


def test_every_scenario_and_every_bad_input_of_the_engine_is_shown_by_a_test() -> None:
    tests = shown_by()
    assert [number for number in (*SCENARIOS, *BAD_INPUTS) if number not in tests] == []


def test_the_page_names_the_tests_that_there_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.support.scenarios_page writes it anew"

import pytest


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("run_cap: 24", "run_cpa: 24", "7: run_cpa: unknown key; did you mean run_cap?"),
        ("run_cap: 24", "zzz: 24", "7: zzz: unknown key; the keys are name, description, program, "),
        (
            "run_cap: 24",
            "budget_usd: 5.0",
            "7: budget_usd: is a parameter; it belongs under parameters: as budget_usd: ",
        ),
        (
            "run_cap: 24",
            "seed: {value: 1}",
            "7: seed: is a parameter; it belongs under parameters: with the same entry",
        ),
        ("run_cap: 24", "budgt_usd: 5.0", "7: budgt_usd: unknown key; did you mean budget_usd? It belongs under param"),
        ("method: bayes\n", "", "1: method: is missing; write one of method: bayes, random, grid"),
        ("method: bayes", "method: bayesian", "3: method: 'bayesian' is no search method; did you mean bayes?"),
        ("method: bayes", "method: [bayes]", "3: method: ['bayes'] is no search method; write one of bayes, random"),
        ("run_cap: 24", "run_cap: 0", "7: run_cap: 0 is no number of trials; write a whole number from 1"),
        ("run_cap: 24", "run_cap: true", "7: run_cap: True is no number of trials; write a whole number from 1"),
        ("run_cap: 24", "run_cap: 2.0", "7: run_cap: 2.0 is no number of trials; write a whole number from 1"),
        ("run_cap: 24", "early_terminate: {type: hyperband}", "7: early_terminate: trials are stopped by the program "),
        ("name: quickstart", "name: 3", "1: name: 3 is no text; write text, in quotes where it looks like something"),
        ("run_cap: 24", "scheduler: optuna", "7: scheduler: 'optuna' is no mapping; write it as W&B's documentation"),
        ("run_cap: 24", "run_cap: 24\nname: x", "8: name: stands twice; keep this one or the one in line 1"),
    ],
)
def test_a_wrong_key_is_refused_with_line_and_remedy(refusals, old, new, found):
    assert len(refusals((old, new))) == 1
    assert refusals((old, new))[0].startswith(found)


@pytest.mark.parametrize("command", ["python -m rag_sweeps trial", "[]", "[1]"])
def test_a_command_is_a_list_of_text(refusals, command):
    found = refusals(('["${env}", "${interpreter}", "-m", "rag_sweeps", "trial"]', command))
    assert len(found) == 1
    assert found[0].startswith("2: command: ")
    assert found[0].endswith('write command: ["${env}", "${interpreter}", "-m", "rag_sweeps", "trial"]')


def test_every_key_of_w_and_b_is_taken(load):
    keys = "description: d\nprogram: p\nproject: p\nentity: e\njob: j\nimage_uri: i\ncontroller: {}\nscheduler: {}\n"
    assert load(("run_cap: 24\n", f"run_cap: 24\n{keys}")).run_cap == 24

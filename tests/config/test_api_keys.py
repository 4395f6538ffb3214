import pytest

from rag_sweeps.config.api_keys import hide_api_keys, holds_api_key

HEX = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    "text",
    ["sk-ant-api03-Ab12", "sk-proj-Ab12Cd34", "sk-1234567890abcdef", "wandb_v1_Ab12", HEX, f"WANDB_API_KEY={HEX}"],
)
def test_keys_of_every_provider_are_seen_and_hidden(text):
    assert holds_api_key(text)
    assert not holds_api_key(hide_api_keys(text))


@pytest.mark.parametrize(
    "text", ["task-force-of-many-words", "sk-", HEX + "ab", HEX[:-1], "all-MiniLM-L6-v2", "risk-free-rate"]
)
def test_other_text_is_left_alone(text):
    assert not holds_api_key(text)
    assert hide_api_keys(text) == text


@pytest.mark.parametrize("place", ["name: quickstart", "[tokens, recursive]", '"-m"', "goal: maximize"])
def test_a_key_anywhere_in_a_file_is_refused_without_its_text(refusals, place):
    key = "sk-ant-api03-" + "Zz9" * 20
    new = {
        "name: quickstart": f"name: {key}",
        "[tokens, recursive]": f"[tokens, {key}]",
        '"-m"': f'"KEY={key}"',
        "goal: maximize": f"goal: maximize\n  {key}: 1",
    }[place]
    found = refusals((place, new))
    assert any("looks like an API key; keys belong in the environment" in line for line in found)
    assert "Zz9" not in "".join(found)


def test_the_line_of_a_key_is_told(refusals):
    found = refusals(("name: quickstart", "name: wandb_v1_0123456789"))
    assert found[0].startswith("1: name: looks like an API key; keys belong in the environment")


def test_a_yaml_error_does_not_print_a_key(refusals):
    found = refusals(("name: quickstart", "name: *sk-ant-api03-Zz9Zz9Zz9"))
    assert "Zz9" not in "".join(found)

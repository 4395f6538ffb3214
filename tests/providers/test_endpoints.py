"""Keys and addresses: taken from the environment, checked before anything is sent, never shown."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rag_sweeps.errors import InputError
from rag_sweeps.providers.endpoints import open_endpoint, shown_address, split_model
from rag_sweeps.providers.models import missing_key, open_chat_model, setting_problem


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "sk-a-key-of-mine-0123456789")
    return "sk-a-key-of-mine-0123456789"


@pytest.mark.parametrize("model", ["gpt-x", "openai:", "openai: ", "mistral:x", ":x", ""])
def test_a_name_without_a_provider_is_refused(model: str) -> None:
    with pytest.raises(InputError, match="openai:<model>"):
        split_model(model)


def test_a_bare_name_may_hold_colons() -> None:
    assert split_model("compatible:qwen3:8b") == ("compatible", "qwen3:8b")


@pytest.mark.parametrize(("provider", "variable"), [("openai", "OPENAI_API_KEY"), ("anthropic", "ANTHROPIC_API_KEY")])
@pytest.mark.parametrize("value", [None, "", " \n"])
def test_the_missing_key_is_named(
    provider: str, variable: str, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert missing_key(f"{provider}:x") is None
    monkeypatch.delenv(variable) if value is None else monkeypatch.setenv(variable, value)
    assert missing_key(f"{provider}:x") == variable
    with pytest.raises(InputError, match=f"{variable} is not set"):
        open_chat_model(f"{provider}:x", timeout_s=1)


def test_a_compatible_server_needs_no_key() -> None:
    assert missing_key("compatible:x") is None
    assert open_endpoint("compatible", "http://localhost:8000/v1").key


def test_a_line_break_after_a_key_is_no_part_of_it(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f" {key}\n")
    assert open_endpoint("openai").key == key


def test_an_endpoint_does_not_show_its_key(key: str) -> None:
    assert key not in repr(open_endpoint("openai"))


@pytest.mark.parametrize("variable", ["OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"])
def test_addresses_come_from_the_environment(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = variable.partition("_")[0].lower()
    usual = open_endpoint(provider).address
    monkeypatch.setenv(variable, "http://127.0.0.1:9/v1")
    assert open_endpoint(provider).address == "http://127.0.0.1:9/v1"
    monkeypatch.setenv(variable, "")
    assert open_endpoint(provider).address == usual


@pytest.mark.parametrize(
    "address", ["http://me:hunter2@host/v1", "http://hunter2@host/v1", "https://:hunter2@host:8000/v1?x=1"]
)
def test_an_address_with_a_login_is_refused_and_the_login_not_shown(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    for provider in ("compatible", "openai"):
        with pytest.raises(InputError, match="login") as caught:
            open_endpoint(provider, address)
        assert "hunter2" not in str(caught.value)
        assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "address", ["localhost:8000/v1", "ftp://host/v1", "http://", "http://host:port/v1", "http://[::1"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InputError, match=r"http://host:port/v1"):
        open_endpoint("compatible", address)


def test_a_compatible_model_without_an_address_is_refused() -> None:
    with pytest.raises(InputError, match="compatible_base_url"):
        open_endpoint("compatible")


def test_shown_is_no_more_than_host_and_path() -> None:
    assert shown_address("https://me:secret@host:8000/v1/?key=secret#x") == "https://host:8000/v1"


def test_setting_problems_are_known_before_anything_is_opened() -> None:
    assert setting_problem("anthropic", "temperature", 0.5) is not None
    assert setting_problem("anthropic", "temperature", None) is None
    assert setting_problem("openai", "temperature", 0.5) is None
    assert setting_problem("anthropic", "reasoning_effort", "high") is None


def test_importing_the_models_imports_no_sdk() -> None:
    code = (
        "import sys, rag_sweeps.providers.models;"
        "print([name for name in ('openai', 'anthropic', 'httpx2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"

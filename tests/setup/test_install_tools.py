"""What `make tools` says before it installs something for the whole system, and when it leaves that be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.setup.fake_python import Checkout

SCRIPT = "setup/install_tools.sh"
APT = """\
#!/usr/bin/env bash
echo "apt-get $*" >>"$CALLS"
echo "apt-get was called"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path)
    for tool in ("curl", "openssl", "chromium"):
        made.add_program(tool, "")
    return made


def test_says_what_before_it_installs(checkout: Checkout) -> None:
    checkout.add_program("apt-get", APT)
    checkout.add_program("id", "#!/usr/bin/env bash\necho 0\n")
    assert checkout.run(SCRIPT) == (
        0,
        "Installing with apt-get, for the whole system: jq uuid-runtime (tests call them; APT=no to go without) ...\n",
    )
    assert checkout.calls == ["apt-get install -y -qq --no-install-recommends jq uuid-runtime"]


def test_does_nothing_when_all_is_there(checkout: Checkout) -> None:
    for tool in ("jq", "uuidgen"):
        checkout.add_program(tool, "")
    checkout.add_program("apt-get", APT)
    assert (checkout.run(SCRIPT), checkout.calls) == ((0, ""), [])


@pytest.mark.parametrize(
    ("environment", "user", "why"),
    [({"APT": "no"}, "0", "APT=no"), ({}, "1000", "only root may install them")],
)
def test_leaves_the_system_alone(checkout: Checkout, environment: dict[str, str], user: str, why: str) -> None:
    checkout.add_program("apt-get", APT)
    checkout.add_program("id", f"#!/usr/bin/env bash\necho {user}\n")
    status, said = checkout.run(SCRIPT, **environment)
    note = "note: missing, so tests that call them will be skipped"
    assert (status, said) == (0, f"{note}: jq uuid-runtime ({why})\n")
    assert checkout.calls == []

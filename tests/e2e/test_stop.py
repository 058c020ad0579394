"""However the server is told to stop, it takes its database along."""

import signal

import pytest

from tests.e2e.conftest import RunningApp


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda how: how.name)
def test_nothing_is_left_when_it_is_told_to_stop(own_app: RunningApp, how: signal.Signals):
    postmaster = own_app.settings.home / "postgres" / "data" / "postmaster.pid"
    assert postmaster.exists()

    own_app.stop(how)

    assert not postmaster.exists()
    assert "Traceback" not in own_app.log()

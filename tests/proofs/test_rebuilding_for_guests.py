"""Read models are made anew and rolled back while guests book over HTTP; their count must agree all the same."""

import os

from projections.models import MODELS
from tests.proofs.test_chaos import guests, verified
from tests.workers.platform import Platform

PROVE = bool(os.environ.get("TOTETAXI_PROVE"))
MADE_ANEW = [*MODELS] * 20 if PROVE else ["dashboard"]
ACTS = ("rebuild", "rollback", "rollback") if PROVE else ("rebuild", "rollback")


def test_what_guests_count_is_what_staff_see_however_often_the_read_models_are_made_anew(tmp_path):
    with Platform(tmp_path / "data") as platform:
        with guests(platform.ready()):
            for name in MADE_ANEW:
                for act in ACTS:
                    done = platform.asked("projections", act, name)
                    assert done.returncode == 0, done.stdout + done.stderr
        assert verified(platform) == ["all is well"]

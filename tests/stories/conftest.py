"""One account a story, at the newest API version and at one before 2025-03-31.basil."""

import pytest

from tests.stories.stripe_account import StripeAccount
from tests.stories.stripe_shapes import NEWEST, VERSIONS


@pytest.fixture(params=VERSIONS)
def account(request):
    return _begun(request.param)


@pytest.fixture
def new_account():
    """Only for what older versions did not know: several payments of one invoice."""
    return _begun(NEWEST)


def _begun(version):
    account = StripeAccount(version)
    account.begins("")
    return account

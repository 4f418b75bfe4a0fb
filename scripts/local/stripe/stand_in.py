"""Stripe on a laptop: its API, its hosted pages, its signed webhooks, in one account."""

from collections.abc import Sequence
from typing import Self

from scripts.local.clock import Clock, utc_now
from scripts.local.http_server import HttpServer
from scripts.local.stripe import objects
from scripts.local.stripe.api import Api, unknown
from scripts.local.stripe.control import Control
from scripts.local.stripe.control_stories import ControlStories
from scripts.local.stripe.deliveries import Endpoint
from scripts.local.stripe.delivering import RETRY_AFTER
from scripts.local.stripe.faults import ApiFault, ApiFaults
from scripts.local.stripe.hosted import Hosted
from scripts.local.stripe.ids import Ids, new_id
from scripts.local.stripe.stories import StripeAccount
from scripts.local.stripe.writes import Writes


class StripeStandIn(StripeAccount):
    """Serve one account; a context manager that starts and stops."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint] = (),
        *,
        port: int = 0,
        api_key: str | None = None,
        livemode: bool = False,
        clock: Clock = utc_now,
        ids: Ids = new_id,
        retry_after: Sequence[float] = RETRY_AFTER,
        redirect_waits: float = 10,
    ) -> None:
        """Bind the port (OSError where it is taken); seconds for both waits."""
        super().__init__(
            endpoints,
            livemode=livemode,
            clock=clock,
            ids=ids,
            retry_after=retry_after,
            redirect_waits=redirect_waits,
            address=lambda: self.address,
        )
        self._faults = ApiFaults()
        api = Api(self.store, self.checkout, Writes(self).calls(), self._faults, api_key=api_key)
        hosted = Hosted(self.store, self.checkout, self._cashier)
        control = Control(self._cashier, self._deliverer)
        stories = ControlStories(self, self._faults)
        self._keep_endpoints(endpoints)
        self._server = HttpServer(
            [*api.routes(), *hosted.routes(), *control.routes(), *stories.routes()],
            port=port,
            otherwise=unknown,
        )

    @property
    def address(self) -> str:
        return self._server.address

    def start(self) -> Self:
        self._deliverer.start()
        self._server.start()
        return self

    def stop(self) -> None:
        self._deliverer.stop()
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def fail_api(self, *faults: ApiFault) -> None:
        """Answer API calls with these failures from now on; with none, all go well again."""
        self._faults.follow(faults)

    def _keep_endpoints(self, endpoints: Sequence[Endpoint]) -> None:
        for endpoint in endpoints:
            self.store.put(
                objects.webhook_endpoint(
                    self._ids("we"),
                    self._now(),
                    api_version=endpoint.api_version,
                    enabled_events=sorted(endpoint.enabled_events),
                    livemode=self._livemode,
                    url=endpoint.url,
                )
            )

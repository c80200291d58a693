# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Makes listeners of oslo.messaging's fake driver wait for messages.

They look for one every 50 ms (``FakeListener.poll``), which costs CPU time on
each compute host, and a message waits for as long.
"""

import threading
from typing import Any

from oslo_messaging._drivers import base
from oslo_messaging._drivers import impl_fake


_DELIVERED = threading.Condition()


def install() -> None:
    """Apply this to all exchanges and listeners of the process."""
    deliver = impl_fake.FakeExchange.deliver_message

    def deliver_message(
        exchange: impl_fake.FakeExchange, *message: Any, **options: Any
    ) -> None:
        with _DELIVERED:
            deliver(exchange, *message, **options)
            _DELIVERED.notify_all()

    impl_fake.FakeExchange.deliver_message = deliver_message
    impl_fake.FakeListener.poll = _poll


@base.batch_poll_helper
def _poll(
    listener: impl_fake.FakeListener, timeout: float | None = None
) -> impl_fake.FakeIncomingMessage | None:
    with _DELIVERED:
        while not listener._stopped.is_set():
            for target in listener._targets:
                exchange = listener._exchange_manager.get_exchange(
                    target.exchange
                )
                context, message, *replies = exchange.poll(
                    target, listener._pool
                )
                if message is not None:
                    return impl_fake.FakeIncomingMessage(
                        context, message, *replies
                    )
            if not _DELIVERED.wait(timeout):
                break
    return None

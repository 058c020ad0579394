"""Answers that are none, of servers that tools ask: as faults in the server's own words."""

import time
from http import HTTPStatus

from core.clients.chat import faults
from core.clients.outbound import OutboundResponse
from core.errors import FaultError


def good(answer: OutboundResponse) -> OutboundResponse:
    """The answer, if it is a good one. Raises `FaultError` in the server's own words."""
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return answer
    if "location" in answer.headers:
        raise FaultError(faults.of_redirect(answer.status, answer.headers))
    raise FaultError(faults.of_answer(answer.status, answer.headers, answer.body, time.time()))

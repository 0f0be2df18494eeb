"""Requests to a lab's keeper (:mod:`hatoba.lab.keeper`), one after the other, from whoever holds a channel to it."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

from hatoba.errors import LabError
from hatoba.lab.channel import Channel, ChannelClosed, Message
from hatoba.lab.process import Process
from hatoba.messages import _


class Connection:
    """One side of a channel to a keeper; several threads may share it. *last_words*: what the keeper said last, for the
    sentence about its end."""

    def __init__(self, channel: Channel, last_words: Callable[[], str]) -> None:
        self._channel = channel
        self._last_words = last_words
        self._lock = threading.Lock()
        self._intact = True

    def ask(self, action: str, what: str = "", **values: Any) -> Message:
        """One request and its answer. *what*: the beginning of the sentence that says what could not be done. Raise
        :class:`LabError`."""
        return self._exchange(action, what, values, [])[0]

    def start(
        self, host: str, request: Message, descriptors: Sequence[int], streams: Sequence[BinaryIO | None] = (None, None, None)
    ) -> Process:
        """Start ``request["argv"]`` on *host*. *descriptors*: its standard streams there; *streams*: this side's ends of
        them."""
        argv = request["argv"]
        number = secrets.token_hex(8)  # a lab's maker and its visitors number their processes apart
        status, told = os.pipe()
        try:
            what = _("{program} can't be started on the host {name}").format(program=argv[0], name=host)
            _answer, given = self._exchange("start", what, {**request, "process": number, "host": host}, [told, *descriptors])
        except BaseException:
            os.close(status)
            raise
        finally:
            os.close(told)

        def signaller(signal_number: int, group: bool) -> None:
            with contextlib.suppress(LabError):  # the lab is gone, and the process with it
                self.ask("signal", process=number, signal=signal_number, group=group)

        def tail() -> str:
            return str(self.ask("tail", process=number)["tail"])

        return Process(argv, given[0], status, signaller, tail, streams)

    def _exchange(self, action: str, what: str, values: Message, descriptors: Sequence[int]) -> tuple[Message, list[int]]:
        with self._lock:
            if not self._intact:
                raise LabError(_("The lab is closed."))
            try:
                self._intact = False  # an interrupt in mid-message leaves the channel useless
                self._channel.send({"do": action, **values}, descriptors)
                answer, given = self._channel.receive()
                self._intact = True
            except ChannelClosed as error:
                raise LabError(
                    _("The lab's keeper has ended, and every host with it; make a new lab ({words}).").format(
                        words=self._last_words()
                    )
                ) from error
            except OSError as error:
                raise LabError(_("The lab is closed.")) from error
        if "errno" in answer:
            about = f" ({answer['about']})" if answer.get("about") else ""
            reason = answer["detail"].rstrip(".") + about
            raise LabError(_("{what}: {reason}.").format(what=what or action, reason=reason))
        return answer, given

"""Connections that began in plain text and have been told to change over: what comes next on them is TLS."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hatoba.identify.layers import Layer
from hatoba.identify.listening import Heard, hear
from hatoba.identify.manner import Patience
from hatoba.identify.protocols import Question, ServiceProtocol, StartTls
from hatoba.identify.protocols.complete import greeted
from hatoba.wire.conversations import Conversation


class StartTlsLayer:
    """The way to a hello through a protocol that changes over on request; each :meth:`open` goes all of it. No data of ours is
    encrypted on it: who wants to talk inside shakes hands first."""

    encrypted = False
    alpn = ""

    def __init__(
        self, below: Layer, known: ServiceProtocol, change: StartTls, questions: Sequence[Question], patience: Patience
    ) -> None:
        self._below, self._known, self._change = below, known, change
        self._questions, self._patience = questions, patience

    @property
    def bears_many(self) -> bool:
        """Whether the server lets us come back, however often we leave without a handshake."""
        return not self._change.counted

    async def open(self) -> Conversation | None:
        conversation = await self._below.open()
        if conversation is None:
            return None
        try:
            if await self._changed_over(conversation):
                return conversation
        except OSError:
            pass  # it has ended the conversation
        conversation.close()
        return None

    async def _changed_over(self, conversation: Conversation) -> bool:
        change = self._change
        if not change.fresh:
            if self._known.greets:
                await self._heard(conversation, greeted, self._patience.greeting_s)
            for question in self._questions:
                await self._asked(conversation, question)
        answer = await self._asked(conversation, Question(change.data, change.complete), answered=change.answered)
        return not change.answered or change.accepted(answer.data)

    async def _asked(self, conversation: Conversation, question: Question, *, answered: bool = True) -> Heard:
        if question.data:
            await conversation.send(question.data)
        return await self._heard(conversation, question.complete) if answered else Heard(b"", ended=False)

    async def _heard(
        self, conversation: Conversation, complete: Callable[[bytes], bool], first_s: float | None = None
    ) -> Heard:
        patience = self._patience
        return await hear(conversation, complete, first_s or patience.answer_s, patience.gap_s, patience.whole_s)

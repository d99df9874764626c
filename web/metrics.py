"""How the page fares, in figures for Prometheus: counts and times, and no words of anybody.

Each application has its own registry. Labels take few values, all of them written down here.
"""

import threading
from collections.abc import Iterator
from dataclasses import fields
from typing import get_args

from fastapi.responses import Response
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from qa.breaker import Circuit
from qa.problems import KINDS
from qa.types import Decline, ModelStatus, Stages
from web.engine import Opening, Waiting
from web.watching import OUTCOMES, Asked

_MOMENTS = ("evidence", "first_word", "total")
_STAGES = tuple(field.name.removesuffix("_ms") for field in fields(Stages))
_STATES = get_args(ModelStatus.__annotations__["state"])
# Seconds, from what a search takes to what nobody waits for.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120)


class Metrics:
    """Counts questions, and says how things stand when it is asked."""

    def __init__(self, opening: Opening, waiting: Waiting) -> None:
        """Take what gives the engine, and who waits for the language model."""
        # Of all registries; else each series has another with when it began.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._questions = Counter(
            "sahel_brief_questions", "Questions asked, by how they ended.", ["outcome"],
            registry=self._registry,
        )  # fmt: skip
        self._declined = Counter(
            "sahel_brief_declined", "Questions declined, by the reason.", ["kind"],
            registry=self._registry,
        )  # fmt: skip
        self._hits = Counter(
            "sahel_brief_cache_hits", "Questions answered as before.", registry=self._registry
        )
        self._misses = Counter(
            "sahel_brief_cache_misses", "Questions that were not answered before.",
            registry=self._registry,
        )  # fmt: skip
        self._fallbacks = Counter(
            "sahel_brief_fallback_answers",
            "Answers worded by another model, as the chosen one did not answer.",
            registry=self._registry,
        )
        self._moments = Histogram(
            "sahel_brief_answer_seconds",
            "Seconds from the question to its evidence, first word and whole answer, of answers "
            "that were not given before.",
            ["moment"], buckets=_BUCKETS, registry=self._registry,
        )  # fmt: skip
        self._stages = Histogram(
            "sahel_brief_stage_seconds", "Seconds that went into each stage of these answers.",
            ["stage"], buckets=_BUCKETS, registry=self._registry,
        )  # fmt: skip
        # What has not happened yet is 0, not absent: rates need a first value.
        for family, values in (
            (self._questions, OUTCOMES), (self._declined, get_args(Decline)),
            (self._moments, _MOMENTS), (self._stages, _STAGES),
        ):  # fmt: skip
            for value in values:
                family.labels(value)
        self._registry.register(_Standing(opening, waiting))
        ProcessCollector(registry=self._registry)

    def count(self, asked: Asked) -> None:
        """Count a question that is over."""
        self._questions.labels(asked.outcome).inc()
        if asked.cache == "hit":
            self._hits.inc()
        elif asked.cache == "miss":
            self._misses.inc()
        answer = asked.answer
        if answer is None:
            return
        if answer.worded_by:
            self._fallbacks.inc()
        if answer.decline:
            self._declined.labels(answer.decline).inc()
        if answer.cached:  # which would make the model look fast
            return
        for family, names, source in (
            (self._moments, _MOMENTS, answer.timings),
            (self._stages, _STAGES, answer.timings.stages),
        ):
            for name in names:
                if (ms := getattr(source, f"{name}_ms")) is not None:
                    family.labels(name).observe(ms / 1000)

    def response(self) -> Response:
        """Return all figures in Prometheus' text format."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Standing(Collector):
    """How things stand now: read when asked for, so that nothing need be told of each change."""

    def __init__(self, opening: Opening, waiting: Waiting) -> None:
        self._opening, self._waiting = opening, waiting

    def collect(self) -> Iterator[Metric]:
        engine = self._opening()
        infos = engine.library.documents() if engine else []
        for name, meaning, value in (
            ("sahel_brief_ready", "1 once questions are answered.", engine is not None),
            ("sahel_brief_documents", "Documents that can be asked.", len(infos)),
            ("sahel_brief_passages", "Passages of them.", sum(i.passages for i in infos)),
            (
                "sahel_brief_queue_length",
                "Questions for the language model, the one that it answers included.",
                len(self._waiting),
            ),
            ("python_threads", "Threads that Python knows.", threading.active_count()),
        ):
            yield GaugeMetricFamily(name, meaning, value=value)
        status = engine.model_status() if engine else ModelStatus("loading", "")
        states = GaugeMetricFamily(
            "sahel_brief_model_state", "1 for the language model's state.", labels=["state"]
        )
        for name in _STATES:
            states.add_metric([name], name == status.state)
        yield states
        circuit = GaugeMetricFamily(
            "sahel_brief_model_circuit",
            "1 for whether a model elsewhere is asked: closed, or open after failures; none for "
            "one on this machine.",
            labels=["state"],
        )
        for name in get_args(Circuit):
            circuit.add_metric([name], name == status.circuit)
        yield circuit
        failures = CounterMetricFamily(
            "sahel_brief_model_failures",
            "Attempts at which a model elsewhere failed, by how.",
            labels=["kind"],
        )
        for kind in KINDS:
            failures.add_metric([kind], status.failures.get(kind, 0))
        yield failures
        yield CounterMetricFamily(
            "sahel_brief_searches_by_words",
            "Searches that went by words alone, as the vectors could not be searched.",
            value=engine.library.missed if engine else 0,
        )

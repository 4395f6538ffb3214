"""Everything that is pending on this machine -> the servers it belongs to."""

from __future__ import annotations

import os
from collections.abc import Callable

from rag_sweeps.errors import RagSweepsError
from rag_sweeps.hosting.addresses import recall
from rag_sweeps.hosting.concluding import conclude
from rag_sweeps.hosting.hosted_log import unsent
from rag_sweeps.hosting.opening import local_hosting
from rag_sweeps.hosting.work import forget_if_ended
from rag_sweeps.store.sweeps import SweepLog
from rag_sweeps.tracking.pending import all_pending, pending_summaries
from rag_sweeps.tracking.sending import Sender
from rag_sweeps.tracking.server import Address, Server, ServerDownError, connect


def sync_all() -> tuple[int, list[str]]:
    """How many were sent, and why the others were not. A server that does not answer is asked once."""
    n_sent = 0
    problems: list[str] = []
    senders: dict[Address, Sender] = {}
    for log_id in sorted({pending.log_id for pending in all_pending()}):
        log = SweepLog(log_id)
        for pending, claim in unsent(log):
            sender = senders.setdefault(pending.address, Sender(_reach(pending.address)))
            try:
                sender.send(pending)
                sender.settle()
                forget_if_ended(log, pending)
                n_sent += 1
            except ServerDownError as error:
                if not sender.is_paused or not problems:
                    problems.append(str(error))
            except RagSweepsError as error:
                problems.append(f"run {pending.place.run_id}: {error}")
            finally:
                claim.release()
    for log_id in pending_summaries():
        log = SweepLog(log_id)
        hosted = recall(log) or local_hosting(log)
        sender = senders.setdefault(hosted.address, Sender(_reach(hosted.address)))
        problem = conclude(log, hosted, sender)
        problems += [problem] if problem and not problems else []
    return n_sent, problems


def _reach(address: Address) -> Callable[[], Server]:
    def reach() -> Server:
        os.environ["WANDB_BASE_URL"] = address.base_url
        return connect(entity=address.entity or None, project=address.project)

    return reach

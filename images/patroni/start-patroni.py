"""Starts Patroni with shorter minimums: failover in seconds. Why this is safe: docs/decisions/0015.

Debian's files stay as they are. Before Patroni's own main runs, a few of its functions get other numbers, and what was
changed is tried: a Patroni that works differently ends here with a message, before it touches the database.
"""

import inspect
import logging
import os
import sys
import time
from functools import partial
from types import SimpleNamespace
from unittest.mock import MagicMock

# Config first: Patroni's modules import one another in a circle.
from patroni.config import Config
from patroni import ha, postgresql
from patroni.api import RestApiHandler
from patroni.dcs import Cluster, Leader
from patroni.dcs.etcd3 import Etcd3
from patroni.ha import Ha
from patroni.utils import RetryFailedError

# The least that the settings of the pair may ask for. Patroni 4 raises them to 20 and 3.
MINIMUM = {'ttl': 5, 'retry_timeout': 2}
# How long a standby waits for the member that it is about to replace; Patroni: 2 s.
PROBE_TIMEOUT_S = 0.5
PATRONI_PROBE = {'timeout': 2, 'retries': 0}
# How often a primary that stops looks whether it has, and how long it waits then before it asks its standby whether that
# one has everything; Patroni: 1 s each. After 'no' it asks again for so long, Patroni never: a standby may be busy, and the end of
# the server, which means the same, can be seconds away while clients keep knocking.
STOP_POLL_S = 0.1
CATCH_UP_S = 0.1
PATRONI_CATCH_UP_S = 1
ASK_AGAIN_S = 1.5
# How often it looks whether a server has been promoted, or takes connections; Patroni: 1 s.
PROMOTE_POLL_S = 0.1
PATRONI_PROMOTE_POLL_S = 1
# How long it rests before it asks a server again that did not answer; Patroni: this and up to 0.8 s more, by chance.
ASK_SERVER_AGAIN_S = 0.1
# A primary that hands over stops when its clients have gone, or after so long: what the proxies need to notice, see
# database-tier.ts (a look a second, two more after 150 ms each), and a little.
CLIENTS_GO_S = 1.6
CLIENTS = """SELECT count(*) FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
WHERE a.backend_type = 'client backend' AND NOT r.rolsuper"""

IN_RECOVERY = 'SELECT pg_catalog.pg_is_in_recovery()'

LIMITER = '_Config__get_and_maybe_adjust_int_value'


def refuse(what):
    sys.exit(f'FATAL: this Patroni is not the one that start-patroni.py knows: {what}. See docs/decisions/0015.')


def adjusted(ttl, loop_wait, retry_timeout):
    """What Patroni makes of these settings."""
    settings = {'ttl': ttl, 'loop_wait': loop_wait, 'retry_timeout': retry_timeout}
    Config._validate_and_adjust_timeouts(Config.__new__(Config), settings)
    return settings['ttl'], settings['loop_wait'], settings['retry_timeout']


def expect(want, *settings):
    have = adjusted(*settings)
    if have != want:
        refuse(f'ttl, loop_wait, retry_timeout {settings} became {have} instead of {want}')


def lower_minimums():
    original = getattr(Config, LIMITER, None)
    if original is None:
        refuse('settings are limited elsewhere')
    expect((20, 1, 3), 5, 1, 2)

    def limit(self, config, param, min_value):
        return original(self, config, param, MINIMUM.get(param, min_value))

    setattr(Config, LIMITER, limit)
    expect((5, 1, 2), 5, 1, 2)
    expect((5, 1, 2), 1, 1, 1)
    # Patroni's own rule stays: loop_wait + 2 * retry_timeout <= ttl.
    expect((8, 1, 3), 8, 1, 4)


class Impatient:
    """What Ha.fetch_node_status needs of the daemon: to ask a member how it is. Asks as told, but with less patience."""

    def __init__(self, request):
        self._request = request
        self.patroni = self

    def request(self, member, **how):
        return self._request(member, **{**how, 'timeout': PROBE_TIMEOUT_S})


def shorten_probe():
    original = getattr(Ha, 'fetch_node_status', None)
    if original is None:
        refuse('members are asked elsewhere')
    asked = []

    def note(_, **how):
        asked.append(how)
        raise ConnectionError

    daemon = SimpleNamespace(patroni=SimpleNamespace(request=note))
    original(daemon, SimpleNamespace(name='', api_url=''))
    if asked != [PATRONI_PROBE]:
        refuse(f'it asks members with {asked}')
    Ha.fetch_node_status = lambda self, member: original(Impatient(self.patroni.request), member)


class Clock:
    """The module time, as patroni.ha has it, with a shorter wait for standbys that catch up."""

    def __init__(self, sleep=time.sleep):
        self._sleep = sleep
        self.time = time.time

    def sleep(self, seconds):
        self._sleep(CATCH_UP_S if seconds == PATRONI_CATCH_UP_S else seconds)


def waits_of_demotion(clock):
    """How long a primary rests, time for time, that hands its lead over to a standby which has everything."""
    ha.time = clock
    daemon = MagicMock()
    daemon.state_handler.stop.side_effect = lambda *_, on_shutdown, **__: on_shutdown(1, 1)
    Ha.demote(daemon, 'graceful')
    return daemon.release_leader_key_voluntarily.call_count


def shorten_hand_over():
    if postgresql.STOP_POLLING_INTERVAL != 1:
        refuse('a server that stops is looked at another number of times')
    postgresql.STOP_POLLING_INTERVAL = STOP_POLL_S
    for clock_of, want in ((lambda note: SimpleNamespace(sleep=note), [1, 2]), (Clock, [CATCH_UP_S, 2])):
        rests = []
        if waits_of_demotion(clock_of(rests.append)) != 1 or rests != want:
            refuse(f'a primary that hands over rests {rests}')
    ha.time = Clock()


def ask_standby_again():
    original = getattr(Ha, 'is_failover_possible', None)
    if original is None or 'cluster_lsn' not in inspect.signature(original).parameters:
        refuse('it asks its standby whether that one has everything elsewhere')

    def ask(self, **how):
        # Without a place in the WAL it is the question before a switchover, which has an answer at once.
        end = time.monotonic() + (ASK_AGAIN_S if how.get('cluster_lsn') else 0)
        while not original(self, **how):
            if time.monotonic() >= end or not self.state_handler.is_running():
                return False
            time.sleep(CATCH_UP_S)
        return True

    Ha.is_failover_possible = ask


def has_ended(server):
    """Whether the server's main process is gone; Patroni itself learns of it at its next look."""
    process = server._postmaster_proc
    return process is None or not process.is_running()


def takes_clients(handler):
    """Whether clients may be sent here: to a primary that leads, goes on, and takes writes."""
    patroni = handler.server.patroni
    if patroni.postgresql.state == 'stopping' or not patroni.ha.is_leader():
        return False
    try:
        return not handler.query(IN_RECOVERY, retry=False)[0][0]
    except Exception as error:
        # As Patroni has it: whoever leads and cannot be asked is the one to go to. Where there is nobody to ask, clients would wait
        # here for each of their tries, also when the standby has taken over.
        logging.getLogger(__name__).info('whether the server takes writes is not known: %s', error)
        return not has_ended(patroni.postgresql)


def turn_clients_away():
    """
    Proxies ask with OPTIONS whether they may send clients to a member. One whose server stops leads until it has handed over,
    but clients that come meanwhile are refused after a handshake each, and keep the server from its end. One that is
    being promoted leads before it takes writes: clients that come then fail each on a connection of its own, and the
    promotion waits for a processor. One whose server has ended leads until Patroni has seen that, twice. Patroni would answer with 200
    in all three cases, after a query for all that it knows.
    """
    original = getattr(RestApiHandler, 'do_OPTIONS', None)
    server = postgresql.Postgresql
    said = ''.join(map(inspect.getsource, (server._do_stop, server.is_running, RestApiHandler)))
    needed = (
        "set_state('stopping')",
        'def _write_status_code_only(self, status_code',
        'def query(self, sql: str, *params: Any, retry: bool',
        'postgresql = self.server.patroni.postgresql',
        "'state': postgresql.state",
        'elif patroni.ha.is_leader():',
        'if self._postmaster_proc.is_running():',
    )
    if original is None or any(words not in said for words in needed):
        refuse('a server that stops, or takes writes, is told of elsewhere')

    def do_options(self):
        if self.path != '/primary':
            return original(self)
        self._write_status_code_only(200 if takes_clients(self) else 503)

    RestApiHandler.do_OPTIONS = do_options
    silent = ConnectionError()
    for state, runs, leads, answer, code in (
        ('stopping', True, True, [[(False,)]], 503),
        ('running', True, False, [[(True,)]], 503),
        ('running', True, True, [[(True,)]], 503),
        ('running', True, True, [[(False,)]], 200),
        ('running', True, True, silent, 200),
        ('running', False, True, silent, 503),
    ):
        handler = MagicMock(path='/primary')
        handler.server.patroni.postgresql.state = state
        handler.server.patroni.ha.is_leader.return_value = leads
        handler.server.patroni.postgresql._postmaster_proc.is_running.return_value = runs
        handler.query.side_effect = answer
        RestApiHandler.do_OPTIONS(handler)
        codes = [call.args[0] for call in handler._write_status_code_only.call_args_list]
        if codes != [code]:
            refuse(f'a member that is {state} answers {codes}')


def wait_for_clients(member):
    """Until the proxies have ended the last connection of a client; not longer than the member leads."""
    end = time.monotonic() + CLIENTS_GO_S
    while member.is_leader() and time.monotonic() < end:
        try:
            if member.state_handler.query(CLIENTS, retry=False)[0][0] == 0:
                return
        except Exception as error:
            # Who cannot be asked has no clients that would wait for an answer.
            return logging.getLogger(__name__).info('clients are not waited for: %s', error)
        time.sleep(CATCH_UP_S)


def let_clients_go():
    """
    A server that stops first ends every connection, while clients knock again: on a busy machine that takes seconds, and nobody writes.
    So one that hands over goes on until the proxies, which hear of it by OPTIONS, have led its clients away. It still has the lead
    then. A primary that lost the lead, or that is to be stopped at once, waits for nobody.
    """
    original = getattr(Ha, 'notify_mpp_coordinator', None)
    before = "self.notify_mpp_coordinator('before_demote')"
    if original is None or any(before not in inspect.getsource(how) for how in (Ha.demote, Ha.shutdown)):
        refuse('what comes before a hand-over is elsewhere')
    if (
        "before_shutdown if mode == 'graceful' else None" not in inspect.getsource(Ha.demote)
        or '_before_shutdown if self.is_leader() else None' not in inspect.getsource(Ha.shutdown)
    ):
        refuse('it prepares for every stop as for a hand-over')
    stop = inspect.getsource(postgresql.Postgresql._do_stop)
    if stop.find("set_state('stopping')") > stop.find('before_shutdown()'):
        refuse('it tells of a stop only after what comes before a hand-over')

    def notify(self, event):
        if event == 'before_demote' and self.state_handler.state == 'stopping':
            wait_for_clients(self)
        return original(self, event)

    Ha.notify_mpp_coordinator = notify
    for state, clients, asked in (('stopping', [2, 1, 0], 3), ('running', [], 0)):
        daemon = MagicMock()
        daemon.state_handler.state = state
        daemon.state_handler.query.side_effect = [[(number,)] for number in clients]
        Ha.notify_mpp_coordinator(daemon, 'before_demote')
        if daemon.state_handler.query.call_count != asked:
            refuse(f'a member that is {state} looks for clients {daemon.state_handler.query.call_count} times')


def notice_promotion():
    """
    Until a new primary has looked at itself, its writes wait for a standby that may be gone: it does as soon as it takes writes.
    """
    if 'in polling_loop(wait_seconds)' not in inspect.getsource(postgresql.Postgresql._wait_promote):
        refuse('the end of a promotion is waited for elsewhere')
    original = postgresql.polling_loop
    postgresql.polling_loop = lambda timeout, interval=PROMOTE_POLL_S: original(timeout, interval)
    daemon = MagicMock()
    daemon.controldata.side_effect = [{}, {'Database cluster state': 'in production'}]
    began = time.monotonic()
    if not postgresql.Postgresql._wait_promote(daemon, 5) or time.monotonic() - began > PATRONI_PROMOTE_POLL_S / 2:
        refuse('it notices the end of a promotion late')


def ask_server_again_soon():
    """
    Whether a server is there Patroni asks twice, and rests in between so that not all who ask knock at the same time. But only it
    asks its own server: of one that was killed it learned up to 1.6 s later for that, because it asks again before it fails over.
    """
    original = postgresql.Retry
    needed = 'self._is_leader_retry = Retry(max_tries=1, '
    if needed not in inspect.getsource(postgresql.Postgresql.__init__):
        refuse('it asks its server elsewhere')
    postgresql.Retry = partial(original, delay=ASK_SERVER_AGAIN_S, max_jitter=0)
    rests = []
    ask = postgresql.Retry(max_tries=1, sleep_func=rests.append, retry_exceptions=ConnectionError)
    dead = MagicMock(side_effect=ConnectionError)
    try:
        ask(dead)
        refuse('a server that does not answer is said to have answered')
    except RetryFailedError:
        if dead.call_count != 2 or rests != [ASK_SERVER_AGAIN_S]:
            refuse(f'it asks its server {dead.call_count} times, and rests {rests}')


def with_leader(cluster, leader):
    """What is known of the cluster with another lock. `_replace` does not work there: a Cluster counts as long as it likes."""
    return Cluster(**{**cluster._asdict(), 'leader': leader})


def write_lock_before_promotion():
    """
    A member that finds the cluster's store again after nobody heard anybody may find its lock there. That its lease was renewed says
    little: the store answers that without asking its other members, while the end of the lease may be decided already. The member
    would be promoted, and the other one, which takes the lock a moment later, too: on timelines of the same number (decision 41).
    So whoever does not take writes yet writes the lock, which the store puts in order with everything else.
    """
    original = getattr(Ha, 'update_lock', None)
    if original is None or 'leader.session != self._lease' not in inspect.getsource(Etcd3):
        refuse('it keeps its lock elsewhere')

    def update(self, *args, **how):
        cluster = self.cluster
        # One that stops is not about to be promoted, and what it takes can no longer be asked: its lock would be held up.
        if not cluster.leader or self.state_handler.state == 'stopping' or self.state_handler.is_primary():
            return original(self, *args, **how)
        # Patroni writes a lock that is there with another lease than its own.
        written = self.cluster = with_leader(cluster, cluster.leader._replace(session=''))
        try:
            return original(self, *args, **how)
        finally:
            if self.cluster is written:
                self.cluster = cluster

    Ha.update_lock = update
    for state, primary, session in (('running', True, 'lease'), ('running', False, ''), ('stopping', False, 'lease')):
        daemon = MagicMock()
        daemon.state_handler.state = state
        daemon.state_handler.is_primary.return_value = primary
        daemon.cluster = cluster = with_leader(Cluster.empty(), Leader(0, 'lease', None))
        Ha.update_lock(daemon)
        told = daemon.dcs.update_leader.call_args.args[0].leader.session
        if told != session or daemon.cluster is not cluster:
            refuse(f'a member that is {state}, and takes writes: {primary}, keeps its lock by {told!r}')


def is_fresh_copy(data_dir):
    """Whether the server was copied from its primary and has not replayed that copy to its end yet."""
    try:
        with open(os.path.join(data_dir, 'backup_label'), encoding='ascii', errors='replace') as label:
            return 'BACKUP METHOD: streamed' in label.read()
    except FileNotFoundError:
        return False


def leave_copies_alone():
    """
    A copy looks like a primary that was killed. Patroni that is started anew between copying and starting would recover it alone,
    which writes WAL that the primary does not have, on the same timeline: nothing notices, and the copy never follows.
    """
    original = getattr(Ha, '_handle_crash_recovery', None)
    if original is None:
        refuse('servers that were killed are recovered elsewhere')
    daemon = MagicMock()
    daemon.has_lock.return_value = False
    daemon.state_handler.controldata.return_value = {'Database cluster state': 'in production'}
    daemon._handle_crash_recovery.return_value = 'recovering'
    if Ha.recover(daemon) != 'recovering':
        refuse('it does not recover a server that was killed')

    def handle(self):
        return None if is_fresh_copy(self.state_handler.data_dir) else original(self)

    Ha._handle_crash_recovery = handle


if __name__ == '__main__':
    # What is tried here is none of the log's business.
    logging.disable()
    try:
        lower_minimums()
        shorten_probe()
        shorten_hand_over()
        ask_standby_again()
        turn_clients_away()
        let_clients_go()
        notice_promotion()
        ask_server_again_soon()
        leave_copies_alone()
        write_lock_before_promotion()
    except Exception as error:
        refuse(f'{type(error).__name__} {error}'.strip())
    logging.disable(logging.NOTSET)
    from patroni.__main__ import main

    main()

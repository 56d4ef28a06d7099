import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrillResult } from '#contract/trust.ts'
import { PATRONI_START } from '#images/recipes.ts'
import { clusterSettings } from '#platform/hosts/database-tier.ts'
import { makeDocker } from '#runtime/drivers/docker.ts'
import { checkMeasures } from './drill-results.ts'
import { cli, installation } from './harness.ts'
import { superuser } from './psql.ts'

const DRILL_MS = 300_000
const { containers } = makeDocker('/var/run/docker.sock')
const MEMBER = `${installation.name}-postgres-1`

test('a primary that freezes and goes on: writes go on in seconds, nothing is lost, and it acknowledges nothing any more', async (t) => {
  const done = await cli(['drill', 'run', 'database-primary-freezes', '--json'], { timeoutMs: DRILL_MS })
  assert.ok(done.stdout, done.stderr)
  const result = DrillResult.parse(JSON.parse(done.stdout))
  checkMeasures(t, result)
  assert.ok(
    (result.measures[0]?.value ?? 0) > 3,
    'the lease protects a primary that is only slow for a moment',
  )
})

test('Patroni runs with the short lease that the pair asks for', async () => {
  const asked = await containers.exec(MEMBER, ['patronictl', 'show-config'])
  const { ttl, loop_wait, retry_timeout } = clusterSettings()
  for (const [name, value] of Object.entries({ ttl, loop_wait, retry_timeout }))
    assert.match(asked.stdout, new RegExp(`^${name}: ${value}$`, 'm'))
  const log = await Array.fromAsync(containers.logs(MEMBER, { follow: false, tail: 100_000 }))
  assert.deepEqual(
    log.map(({ line }) => line).filter((line) => line.includes("can't be smaller than")),
    [],
  )
})

/** Runs lines of Python where Patroni runs. */
const python = (...lines: string[]) => containers.exec(MEMBER, ['python3', '-c', lines.join('\n')])

/** Starts Patroni for its version only, after some lines of Python have made it another Patroni. */
const startChanged = (...lines: string[]) =>
  python(
    'import sys, runpy',
    ...lines,
    "sys.argv = ['patroni', '--version']",
    `runpy.run_path('${PATRONI_START}', run_name='__main__')`,
  )

/** What lines of Python print that have the parts of Patroni's start as `program`. */
async function printed(...lines: string[]): Promise<string> {
  const load = `program = runpy.run_path('${PATRONI_START}', run_name='tested')`
  const done = await python('import runpy', load, ...lines)
  return done.stdout.trim() || done.stderr
}

test('a Patroni that works differently is not started', async () => {
  const known = await startChanged()
  assert.deepEqual([known.exitCode, known.stderr], [0, ''])
  const changes = [
    // Other minimums, limits elsewhere, another question to the members.
    'import patroni.config as p; p.Config._validate_and_adjust_timeouts = lambda self, settings: settings.update(ttl=15)',
    "import patroni.config as p; delattr(p.Config, '_Config__get_and_maybe_adjust_int_value')",
    'import patroni.config, patroni.ha as p; p.Ha.fetch_node_status = lambda self, member: self.patroni.request(member, timeout=9)',
    // A server that stops is looked at more seldom; a lead that is handed over otherwise.
    'import patroni.config, patroni.postgresql as p; p.STOP_POLLING_INTERVAL = 2',
    'import patroni.config, patroni.ha as p; p.Ha.demote = lambda self, mode: None',
    'import patroni.config, patroni.ha as p; p.Ha.recover = lambda self: None',
    // A standby that is asked otherwise; a server that stops and does not say so.
    'import patroni.config, patroni.ha as p; p.Ha.is_failover_possible = lambda self, lsn: True',
    'import patroni.config, patroni.postgresql as p; p.Postgresql._do_stop = lambda self: None',
    "import patroni.config, patroni.api as p; delattr(p.RestApiHandler, 'do_OPTIONS')",
    // The end of a promotion is noticed otherwise.
    'import patroni.config, patroni.postgresql as p; p.Postgresql._wait_promote = lambda self, seconds: True',
    // What comes before a hand-over is elsewhere.
    "import patroni.config, patroni.ha as p; delattr(p.Ha, 'notify_mpp_coordinator')",
    'import patroni.config, patroni.ha as p; p.Ha.shutdown = lambda self: None',
  ]
  for (const change of changes) {
    const { exitCode, stderr } = await startChanged(change)
    assert.equal(exitCode, 1, change)
    assert.match(stderr, /^FATAL: this Patroni is not the one/m, change)
  }
})

test('proxies lead clients to a primary that leads, takes writes and is not about to stop, and to nobody else', async () => {
  const answer = (state: string, leads: 'True' | 'False', recovery: string) =>
    printed(
      'from unittest.mock import MagicMock',
      'handler = MagicMock()',
      `handler.server.patroni.postgresql.state = '${state}'`,
      `handler.server.patroni.ha.is_leader.return_value = ${leads}`,
      `handler.query = lambda sql, *, retry: [(${recovery},)]`,
      "print(program['takes_clients'](handler))",
    )
  assert.equal(await answer('running', 'True', 'False'), 'True')
  assert.equal(await answer('running', 'True', 'True'), 'False', 'it is being promoted')
  assert.equal(await answer('running', 'False', 'False'), 'False', 'it does not lead')
  assert.equal(await answer('stopping', 'True', 'False'), 'False', 'it hands over')
  // A server that does not answer is left to who connects.
  assert.equal(await answer('running', 'True', '1 / 0'), 'True')
  // The real server understands the question.
  await superuser(await printed("print(program['IN_RECOVERY'])"))
})

test('a primary that hands over asks a busy standby again, as long as its own server has not ended', async () => {
  const asked = (running: 'True' | 'False', place: number, ...answers: string[]) =>
    printed(
      'from types import SimpleNamespace as Told',
      `answers = [${answers}]`,
      `daemon = Told(state_handler=Told(is_running=lambda: ${running}))`,
      'asked = []',
      'def ask(self, *, cluster_lsn=0): return asked.append(cluster_lsn) or answers[len(asked) - 1]',
      "program['Ha'].is_failover_possible = ask",
      "program['ask_standby_again']()",
      `print(program['Ha'].is_failover_possible(daemon, cluster_lsn=${place}), len(asked))`,
    )
  assert.equal(await asked('True', 7, 'True'), 'True 1')
  assert.equal(await asked('True', 7, 'False', 'False', 'True'), 'True 3')
  assert.equal(await asked('False', 7, 'False', 'True'), 'False 1')
  // Before a switchover, with no place in the WAL: an answer at once.
  assert.equal(await asked('True', 0, 'False', 'True'), 'False 1')
})

test('a primary that hands over stops when its clients have gone, or after a while; any other stop waits for nobody', async () => {
  /** How often it looks for clients, of whom there are so many at each look and then as many as at the last. */
  const looks = async (state: 'stopping' | 'running' | 'no leader', ...clients: string[]) =>
    Number(
      await printed(
        "program['wait_for_clients'].__globals__['CLIENTS_GO_S'] = 0.5",
        "program['let_clients_go']()",
        'from unittest.mock import MagicMock',
        `daemon = MagicMock(state_handler=MagicMock(state='${state === 'no leader' ? 'stopping' : state}'))`,
        `daemon.is_leader.return_value = ${state === 'no leader' ? 'False' : 'True'}`,
        `clients, asked = [${clients}], []`,
        'def ask(sql, *, retry): return [(asked.append(sql) or clients[min(len(asked), len(clients)) - 1] + 0,)]',
        'daemon.state_handler.query = ask',
        "program['Ha'].notify_mpp_coordinator(daemon, 'before_demote')",
        'print(len(asked))',
      ),
    )
  assert.equal(await looks('stopping', '0'), 1)
  assert.equal(await looks('stopping', '3', '1', '0'), 3)
  assert.equal(await looks('running', '3'), 0)
  assert.equal(await looks('no leader', '3'), 0)
  const patience = await looks('stopping', '1')
  assert.ok(patience > 1 && patience <= 6, `${patience} looks`)
  // A server that does not answer has no clients who would.
  assert.equal(await looks('stopping', 'None'), 1)
  // The real server understands the question.
  await superuser(await printed("print(program['CLIENTS'])"))
})

test('a copy of the primary that has not run yet is never recovered on its own; a server that was killed is', async () => {
  const recovers = (label: string) =>
    printed(
      'import os, tempfile',
      'from unittest.mock import MagicMock',
      "program['leave_copies_alone']()",
      'daemon = MagicMock(_crash_recovery_started=0)',
      "daemon.state_handler.data_dir = tempfile.mkdtemp(dir='/tmp')",
      `label = '${label}'`,
      "if label: open(os.path.join(daemon.state_handler.data_dir, 'backup_label'), 'w').write(label)",
      "print(program['Ha']._handle_crash_recovery(daemon) is not None)",
    )
  assert.equal(await recovers('START WAL LOCATION: 0/4000028\\nBACKUP METHOD: streamed\\n'), 'False')
  assert.equal(await recovers('BACKUP METHOD: pg_rewind\\n'), 'True')
  assert.equal(await recovers(''), 'True')
})

test('a member that takes no writes yet writes its lock, and does not have it where that fails; a primary renews its lease alone', async () => {
  /** What the store was asked for, and whether the member has the lock: the lease is renewed in any case. */
  const keeps = (primary: 'True' | 'False', written: 'True' | 'False') =>
    printed(
      "program['write_lock_before_promotion']()",
      'from unittest.mock import MagicMock',
      "Ha, Etcd3 = program['Ha'], program['Etcd3']",
      'store = MagicMock()',
      'asked = []',
      'store._name, store.leader_path, store._lease = "postgres-1", "/leader", "lease"',
      'store._do_refresh_lease = lambda *_, **__: asked.append("renew")',
      'store._retry = MagicMock()',
      `def run(what, *args, **how): return what(*args) if what is store._do_refresh_lease else asked.append("write") or {"succeeded": ${written}}`,
      'store._run_and_handle_exceptions = run',
      'store._client = MagicMock()',
      'store.update_leader = lambda cluster, *_: Etcd3._update_leader(store, cluster.leader)',
      'daemon = MagicMock(dcs=store)',
      `daemon.state_handler.is_primary.return_value = ${primary}`,
      "daemon.cluster = program['with_leader'](program['Cluster'].empty(), program['Leader'](0, 'lease', None))",
      'print(Ha.update_lock(daemon), *asked)',
    )
  assert.equal(await keeps('True', 'False'), 'True renew')
  assert.equal(await keeps('False', 'True'), 'True renew write')
  assert.equal(await keeps('False', 'False'), 'False renew write')
})

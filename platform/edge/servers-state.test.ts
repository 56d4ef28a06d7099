import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOpenRequests, parseServersState, stateToHandOver } from './servers-state.ts'

/** As HAProxy 3.0 answers. */
const STATE = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
4 app.x 1 web.1.v1.0 10.9.128.5 2 0 100 100 4 15 3 2 6 0 0 0 - 8080 - 0 0 - - 0
4 app.x 2 web.2.v1.0 10.9.128.6 0 0 0 0 4 7 2 0 6 0 0 0 - 8080 - 0 0 - - 0
4 app.x 3 web.3.v1.0 10.9.128.7 2 1 0 0 4 1 0 1 2 0 0 0 - 8080 - 0 0 - - 0
4 app.x 4 web.4.v1.0 10.9.128.8 2 0 100 100 4 1 0 2 22 0 0 0 - 8080 - 0 0 - - 0
4 app.x 5 web.5.v1.0 10.9.128.9 2 0 100 100 4 1 0 1 22 0 0 0 - 8080 - 0 0 - - 0
4 app.x 6 web.6.v1.0 10.9.128.10 0 0 100 100 4 1 0 0 22 0 0 0 - 8080 - 0 0 - - 0
4 app.x 7 web.7.v1.0 10.9.128.13 2 0 0 0 0 1 3 1 6 0 0 0 - 8080 - 0 0 - - 0
4 app.x 8 web.8.v1.0 10.9.128.14 2 0 100 100 4 7 2 1 6 0 0 0 - 8080 - 0 0 - - 0

`
const STAT = `# pxname,svname,qcur,qmax,scur,smax
app.x,web.1.v1.0,0,0,3,9
`

test('servers are read with their health, weight and requests under way', () => {
  const servers = parseServersState(STATE, parseOpenRequests(STAT))
  assert.deepEqual(
    servers.map(({ name, health, weight, maintenance, checked, openRequests }) => [
      name,
      health,
      weight,
      maintenance,
      checked,
      openRequests,
    ]),
    [
      ['web.1.v1.0', 'up', 100, false, true, 3],
      ['web.2.v1.0', 'down', 0, false, true, 0],
      ['web.3.v1.0', 'unknown', 0, true, false, 0],
      // A check is under way: the one before was passed, there was none, it took the server away.
      ['web.4.v1.0', 'up', 100, false, true, 0],
      ['web.5.v1.0', 'unknown', 100, false, true, 0],
      ['web.6.v1.0', 'down', 100, false, true, 0],
      // It rested, and what is told is the check before that.
      ['web.7.v1.0', 'unknown', 0, false, true, 0],
      // The first of two that take it away has failed.
      ['web.8.v1.0', 'down', 100, false, true, 0],
    ],
  )
})

test('an empty answer has no servers', () => assert.deepEqual(parseServersState('', new Map()), []))

test('a process that takes over is told nothing of a backend where nobody can be asked', () => {
  const deaf = '5 app.y 1 web.1.v1.0 10.9.128.11 0 0 100 100 4 7 2 0 6 0 0 0 - 8080 - 0 0 - - 0'
  const idle = '6 app.z 1 web.1.v1.0 10.9.128.12 2 0 0 0 4 15 3 2 6 0 0 0 - 8080 - 0 0 - - 0'
  assert.equal(stateToHandOver(STATE.replace(/\n\n$/, `\n${deaf}\n${idle}\n\n`)), STATE)
  assert.equal(stateToHandOver(''), '')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { healthChange } from './health-change.ts'
import { parseServersState } from './servers-state.ts'

const COLUMNS =
  '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_check_result srv_check_state srv_port'
const state = (operational: number, result: number, weight = 0) =>
  `1\n${COLUMNS}\n4 app.x 1 web.1.v1.0 10.9.128.5 ${operational} 0 ${weight} ${result} 6 8080\n`
const DOWN = state(0, 2)
const UP = state(2, 3)

/** An edge that gives these answers, the last one for ever. */
function edgeThatSays(...answers: ReadonlyArray<string | undefined>) {
  let asked = 0
  return {
    asked: () => asked,
    reload: async () => ({ ok: true, log: '' }),
    ask: async () => answers[Math.min(asked++, answers.length - 1)],
  }
}
const known = (text: string) => parseServersState(text, new Map())

test('a check that is passed ends the wait; an edge that is away for a moment does not', async () => {
  const edge = edgeThatSays(DOWN, undefined, DOWN, UP)
  await healthChange(edge, known(DOWN), new AbortController().signal)
  assert.equal(edge.asked(), 4)
})

test('other weights are no other health: the wait goes on until it is aborted', async () => {
  const leave = new AbortController()
  const edge = edgeThatSays(state(0, 2, 100))
  const ask = async () => {
    if (edge.asked() === 3) leave.abort()
    return await edge.ask()
  }
  await healthChange({ ...edge, ask }, known(DOWN), leave.signal)
  assert.equal(edge.asked(), 4)
})

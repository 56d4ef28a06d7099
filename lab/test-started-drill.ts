import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drillRoutes, isLastDrillEvent } from '#contract/drills.ts'
import { openLabGround } from '#drills/hosts/lab-ground.ts'
import { waitFor } from '#tests/harness.ts'
import type { Lab } from './index.ts'

/** A drill and what is waited for before it, on a busy machine. */
const DRILL_MS = 300_000
/** So soon the machine that carries the lab is known there. */
const KNOWN_MS = 30_000

/** Starts a drill as the console does, which nobody in a host could carry out. */
export function testStartedDrill(current: () => Lab, drill: string): void {
  test(`${drill} is started from the platform: this machine carries it out, and it is told of and recorded there`, async (t) => {
    const lab = await openLabGround(current().home, process.env)
    const find = async () => {
      const { drills, underWay } = await lab.ask((client) => client.call(drillRoutes.list, {}))
      return { entry: drills.find(({ name }) => name === drill) ?? assert.fail(drill), underWay }
    }
    await waitFor('it may run here', async () => (await find()).entry.here === 'yes', KNOWN_MS)
    assert.equal((await find()).entry.carriedOutBy, 'lab')
    const { id } = await lab.ask((client) => client.call(drillRoutes.start, { params: { drill } }))
    assert.equal((await find()).underWay?.id, id)
    await waitFor('its end', async () => (await find()).underWay === null, DRILL_MS)
    const events = await lab.ask(async (client) => {
      const request = { params: { start: id } }
      return await Array.fromAsync(client.events(drillRoutes.events, request, isLastDrillEvent))
    })
    for (const event of events) if (event.type === 'log') t.diagnostic(event.line)
    const end = events.at(-1)
    assert.ok(end?.type === 'done', JSON.stringify(end))
    assert.ok(events.some((event) => event.type === 'log' && /^first success /.test(event.line)))
    const { last } = (await find()).entry
    assert.deepEqual([last?.id, last?.passed, end.passed], [end.run, true, true])
  })
}

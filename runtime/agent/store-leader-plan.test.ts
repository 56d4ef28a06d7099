import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostName } from '#contract/ids.ts'
import { NEVER_LED, planStoreLeader, type Voice } from './store-leader-plan.ts'

const [east, west, third] = ['east', 'west', 'third'] as [HostName, HostName, HostName]
const PAIR = [east, west]
const voice = (host: HostName, leader: string, isLearner = false): Voice => ({
  host,
  status: { id: host, leader, isLearner },
})
const led = (leader: string) => [voice(east, leader), voice(west, leader), voice(third, leader)]

/** Looks every two seconds; gives the seconds at which the lead was handed over, and to whom. */
function watch(looks: ReadonlyArray<readonly Voice[]>, self = east): string[] {
  let memory = NEVER_LED
  return looks.flatMap((voices, index) => {
    const plan = planStoreLeader(voices, self, PAIR, memory, index * 2000)
    memory = plan.memory
    return plan.to === undefined ? [] : [`${plan.to} at ${index * 2}`]
  })
}
const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one)

test('a leader beside a member of the pair hands over to the one that has none, when all were well for ten seconds', () => {
  assert.deepEqual(watch([...times(6, led(east)), ...times(20, led(third))]), ['third at 10'])
  assert.deepEqual(watch([...times(6, led(west)), ...times(20, led(third))], west), ['third at 10'])
})

test('whoever does not lead, or leads where no member of the pair is, does nothing', () => {
  assert.deepEqual(watch(times(100, led(west))), [])
  assert.deepEqual(watch(times(100, led(third)), third), [])
})

test('a lead that comes back soon stays for five minutes; one that comes back late goes as the first did', () => {
  const soon = [...times(6, led(east)), ...times(10, led(third)), ...times(151, led(east))]
  assert.deepEqual(watch(soon), ['third at 10', 'third at 332'])
  const late = [...times(6, led(east)), ...times(320, led(third)), ...times(6, led(east))]
  assert.deepEqual(watch(late), ['third at 10', 'third at 662'])
})

test('nothing is moved while one is silent, learns, or follows another; the ten seconds then begin again', () => {
  const silent: Voice[] = [voice(east, east), { host: west, status: undefined }, voice(third, east)]
  const learning = [voice(east, east), voice(west, east), voice(third, east, true)]
  const torn = [voice(east, east), voice(west, third), voice(third, third)]
  for (const trouble of [silent, learning, torn]) {
    assert.deepEqual(watch(times(100, trouble)), [])
    assert.deepEqual(watch([...times(5, led(east)), trouble, ...times(6, led(east))]), ['third at 22'])
  }
})

test('where every member of the store has one of the pair beside it, the lead stays', () => {
  assert.equal(planStoreLeader(led(east).slice(0, 2), east, PAIR, NEVER_LED, 0).to, undefined)
})

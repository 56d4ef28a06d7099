import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fullNames, makePinAges, PIN_MS, pinsIn, setsOfTurn, withoutPins } from './pins.ts'

const SHOWN = `table inet maru_x {
	set inside {
		typeof ip daddr
		flags interval
		elements = { 10.89.0.0/16 }
	}

	set name_a_api.example.org {
		typeof ip daddr
		size 65536
		elements = { 203.0.113.7, 203.0.113.8,
			     203.0.113.9 }
	}

	set name_b_api.example.org {
		typeof ip daddr
		size 65536
	}

	chain judge {
		ct original ip daddr @name_a_api.example.org accept
	}
}
`

test('what the resolver has answered is read out of what the kernel shows', () => {
  assert.deepEqual(
    [...pinsIn(SHOWN)],
    [
      ['name_a_api.example.org', ['203.0.113.7', '203.0.113.8', '203.0.113.9']],
      ['name_b_api.example.org', []],
    ],
  )
})

test('a name whose sets have no room is found by its name, once', () => {
  const pins = new Map([
    ['name_a_api.example.org', ['203.0.113.7', '203.0.113.8']],
    ['name_b_api.example.org', ['203.0.113.7', '203.0.113.8']],
    ['name_b_a_b.example.org', ['203.0.113.7', '203.0.113.8']],
    ['name_a_www.example.org', ['203.0.113.7']],
  ])
  assert.deepEqual(fullNames(pins, 2), ['a_b.example.org', 'api.example.org'])
  assert.deepEqual(fullNames(pins), [])
})

test('answers are no change by a hand; anything else is', () => {
  const [a, b] = ['203.0.113.7, 203.0.113.8', '203.0.113.1, 203.0.113.7, 203.0.113.8']
  assert.equal(withoutPins(SHOWN.replace(a, b)), withoutPins(SHOWN))
  assert.notEqual(withoutPins(SHOWN.replace('10.89.0.0/16', '10.88.0.0/16')), withoutPins(SHOWN))
  assert.notEqual(withoutPins(SHOWN.replace(' accept', '')), withoutPins(SHOWN))
  assert.equal(withoutPins(undefined), undefined)
})

test('an address is in one of the two sets for an hour after it was answered, and in none after two', () => {
  for (let answeredMs = 0; answeredMs < 3 * PIN_MS; answeredMs += PIN_MS / 7) {
    const ages = makePinAges(0)
    const sets = new Map([
      ['name_a_x.example.org', false],
      ['name_b_x.example.org', false],
    ])
    let goneMs = Number.NaN
    // The agent looks every few seconds, and sometimes late.
    for (let now = 4_000; now < 7 * PIN_MS; now += now % 3 === 0 ? 61_000 : 4_000) {
      if (now >= answeredMs && Number.isNaN(goneMs) && ![...sets.values()].some(Boolean))
        for (const set of sets.keys()) sets.set(set, true)
      const turn = ages.due(now)
      if (turn !== undefined) {
        for (const set of setsOfTurn(turn, sets.keys())) sets.set(set, false)
        ages.emptied(turn, now)
      }
      if (now >= answeredMs && Number.isNaN(goneMs) && ![...sets.values()].some(Boolean)) goneMs = now
    }
    const livedMs = goneMs - answeredMs
    assert.ok(livedMs >= PIN_MS && livedMs < 2 * PIN_MS + 130_000, `it lived for ${livedMs} ms`)
  }
})

import { read } from '#runtime/server/transact.ts'
import type { Check } from './check.ts'
import { judgeLayers, judgePromises } from './judge.ts'
import { latestEvidence } from './store.ts'

/** Whether every layer, from the building to the customer, has at least one promise that is kept. */
export const layersCheck: Check = {
  name: 'trust.layers',
  promises: ['PLT-2'],
  everyS: 60,
  validS: 600,
  run: async ({ db, now }) => {
    const latest = await read(() => latestEvidence(db))
    // Its own promise must not help it.
    const others = judgePromises(latest, now()).filter(({ id }) => id !== 'PLT-2')
    const { covered, bare } = judgeLayers(others)
    const layers = covered.length + bare.length
    return {
      passed: bare.length === 0,
      summary:
        bare.length === 0
          ? `Each of the ${layers} layers has a promise that is kept.`
          : `${covered.length} of ${layers} layers have a promise that is kept. Without one: ${bare.join(', ')}.`,
      facts: [
        { name: 'Layers', value: String(layers) },
        { name: 'With a kept promise', value: String(covered.length) },
        { name: 'Promises in the register', value: String(others.length + 1) },
      ],
    }
  },
}

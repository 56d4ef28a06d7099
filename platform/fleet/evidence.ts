import type { Check } from '#platform/trust/index.ts'
import { lookAtStore } from './evidence-store.ts'

/** What the hosts can show about themselves. */
export const FLEET_CHECKS: readonly Check[] = [
  { name: 'fleet.store', promises: ['BAK-2', 'REC-2'], everyS: 60, validS: 300, run: lookAtStore },
]

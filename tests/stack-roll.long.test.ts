import { stackRollUnderLoad } from '#drills/stack-roll-under-load.drill.ts'
import { testDrill } from './drill-results.ts'

/** Two apps under load, on a newer stack; what one app takes, a system test looks at. */
testDrill(stackRollUnderLoad)

import { testStartedDrill } from './test-started-drill.ts'
import { testTwoDataCentres } from './test-two-data-centres.ts'

// The largest loss: the data centre with the primary is cut off, and comes back. What else two data centres bear, the death of a host
// among it, and what is on the wires between them, takes longer and is tested in two-data-centres.long.test.ts.
const lab = testTwoDataCentres(['data-centre-cut'])

testStartedDrill(lab, 'database-hands-over')

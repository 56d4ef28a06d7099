import { testTwoDataCentres } from './test-two-data-centres.ts'

// The worst loss of one machine: it has the primary and leads the store. What else two data centres bear, and what is on the wires
// between them, takes longer and is tested in two-data-centres.long.test.ts.
testTwoDataCentres(['host-with-etcd-leader-dies'])

import { testTwoDataCentres } from './test-two-data-centres.ts'

// What is on the wires, and the worst loss of one machine: it has the primary and leads the store. What else two data centres bear
// takes longer and is tested in two-data-centres.long.test.ts.
testTwoDataCentres(['links-captured', 'host-with-etcd-leader-dies'])

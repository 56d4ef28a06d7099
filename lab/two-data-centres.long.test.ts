import { testFirstHostReplaced } from './test-first-host.ts'
import { testTwoDataCentres } from './test-two-data-centres.ts'

const lab = testTwoDataCentres([
  'links-captured',
  'database-primary-dies',
  'database-two-faults',
  'hosts-hand-over',
  'host-drained-under-load',
  'parts-die-in-turn',
  'witness-dies',
  'host-with-etcd-leader-dies',
  'data-centre-cut',
])

// What takes the first host away for good comes last.
testFirstHostReplaced(lab)

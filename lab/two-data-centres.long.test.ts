import { testConsole } from './test-console.ts'
import { testFirstHostReplaced } from './test-first-host.ts'
import { testKeysReplaced } from './test-keys-replaced.ts'
import { testTwoDataCentres } from './test-two-data-centres.ts'

const lab = testTwoDataCentres([
  'links-captured',
  'database-hands-over',
  'database-primary-dies',
  'database-container-dies',
  'database-primary-cut-off',
  'database-primary-cannot-write',
  'database-disk-full',
  'database-clock-jumps',
  'database-standby-dies',
  'database-two-faults',
  'hosts-hand-over',
  'host-drained-under-load',
  'parts-die-in-turn',
  'witness-dies',
  'host-dies',
  'host-with-etcd-leader-dies',
  'data-centre-cut',
  'cut-three-ways',
])

testConsole(lab)
testKeysReplaced(lab)

// What takes the first host away for good comes last.
testFirstHostReplaced(lab)

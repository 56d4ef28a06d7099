import { testTwoDataCentres } from './test-two-data-centres.ts'

testTwoDataCentres([
  'database-hands-over',
  'database-primary-dies',
  'database-container-dies',
  'database-primary-cut-off',
  'database-primary-cannot-write',
  'database-disk-full',
  'database-clock-jumps',
  'database-standby-dies',
  'database-two-faults',
  'locked-host-swept',
  'hosts-hand-over',
  'host-drained-under-load',
  'parts-die-in-turn',
  'witness-dies',
  'host-dies',
  'host-with-etcd-leader-dies',
  'host-freezes',
  'data-centre-cut',
  'cut-three-ways',
])

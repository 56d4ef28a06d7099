import { testTwoDataCentres } from './test-two-data-centres.ts'

// One host takes the place of another, so each data centre has two.
testTwoDataCentres(
  ['host-replaced-under-load', 'parts-replaced-under-load'],
  ['--hosts-per-data-centre', '2'],
)

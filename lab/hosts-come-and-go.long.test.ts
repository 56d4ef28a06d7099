import { testConsole } from './test-console.ts'
import { testFirstHostReplaced } from './test-first-host.ts'
import { testKeysReplaced } from './test-keys-replaced.ts'
import { testTwoDataCentres } from './test-two-data-centres.ts'

const lab = testTwoDataCentres(['links-captured', 'database-primary-freezes'])

testConsole(lab)
testKeysReplaced(lab)

// What takes the first host away for good comes last.
testFirstHostReplaced(lab)

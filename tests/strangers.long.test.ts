import { testStranger } from './test-stranger.ts'

// The third one is deployed with the examples, in deploy.system.test.ts.
testStranger('rest')
testStranger('flows')

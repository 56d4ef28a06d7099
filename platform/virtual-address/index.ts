export { type AddressKeeper, giveUp, hasGivenUp, removeStrays, writeAddress } from './apply.ts'
export { ADDRESS_COMPONENT } from './layout.ts'
export { type AddressDuty, planAddress } from './plan.ts'
export { renderForLeaving, renderForPeers, renderNoStrays, strayTableOf } from './strays.ts'

/** The host's half, for its agent: without the database, which only the control plane has. */
export { type AppAt, describeAlert } from './describe.ts'
export { parseEve } from './eve.ts'
export { type DetectorHealth, isStuck, newHealth, noteStats, reportOf } from './health.ts'
export { makeHearing } from './hearing.ts'
export { DETECTOR_MB, type DetectorFiles, detectorContainer, detectorFiles } from './layout.ts'
export { renderDetector, renderRules } from './render.ts'
export { fetchContainer, refusedLines, type Selection, selectRules, tryContainer } from './rule-set.ts'
export { DETECTION_RULES } from './rules.ts'

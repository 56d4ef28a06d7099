import type { OscalDocument, TrustReport } from '#contract/trust.ts'
import { renderComponents } from './oscal-components.ts'
import type { Json } from './oscal-parts.ts'
import { renderResults } from './oscal-results.ts'

const RENDER: Readonly<Record<OscalDocument, (report: TrustReport) => Json>> = {
  'component-definition': renderComponents,
  'assessment-results': renderResults,
}

/** One of the two documents for auditors, from what the Trust page shows. */
export const renderOscal = (document: OscalDocument, report: TrustReport): Json => RENDER[document](report)

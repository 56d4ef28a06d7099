import type { Act } from '#contract/audit.ts'
import { OperationId } from '#contract/ids.ts'

/** A page about something that an act was about. */
export type ActLink =
  | { readonly to: '/apps/$app'; readonly params: { readonly app: string } }
  | {
      readonly to: '/apps/$app/operations/$operation'
      readonly params: { readonly app: string; readonly operation: string }
    }
  | { readonly to: '/platform/drills/$drill'; readonly params: { readonly drill: string } }
  | { readonly to: '/platform/hosts' | '/platform/network/rules' | '/platform/network/blocks' }

/** Words of an act, each with the page that it leads to. */
export interface ActWord {
  readonly name: string
  readonly text: string
  readonly link: ActLink | undefined
}

/** What was said of an act, in its order; what it was done to comes first. */
export function wordsOf({
  action,
  on,
  told,
  answer,
}: Pick<Act, 'action' | 'on' | 'told' | 'answer'>): ActWord[] {
  return Object.entries({ ...on, ...told, ...answer }).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return { name, text, link: typeof value === 'string' ? linkOf(action, name, value, on.app) : undefined }
  })
}

function linkOf(action: string, name: string, value: string, app: string | undefined): ActLink | undefined {
  // What is gone has no page.
  if (action === 'apps.destroy') return undefined
  if (app !== undefined && OperationId.safeParse(value).success)
    return { to: '/apps/$app/operations/$operation', params: { app, operation: value } }
  if (name === 'app') return { to: '/apps/$app', params: { app: value } }
  if (name === 'drill') return { to: '/platform/drills/$drill', params: { drill: value } }
  if (name === 'host') return { to: '/platform/hosts' }
  if (name === 'rule') return { to: '/platform/network/rules' }
  return name === 'source' && action.startsWith('guard.') ? { to: '/platform/network/blocks' } : undefined
}

import type { Finding } from '#contract/guard.ts'
import type { Alert } from './eve.ts'
import { ruleOf } from './rules.ts'

/** Which app has an address on this host. */
export type AppAt = (address: string) => string | null

/** An alert as people are told of it; undefined where no rule of the platform's made it. */
export function describeAlert(alert: Alert, appAt: AppAt): Finding | undefined {
  const rule = ruleOf(alert.sid)
  if (rule === undefined) return undefined
  const isAnswer = rule.way === 'back'
  const [asked, askedPort] = isAnswer ? [alert.source, alert.sourcePort] : [alert.destination, alert.port]
  const [asker, askerPort] = isAnswer ? [alert.destination, alert.port] : [alert.source, alert.sourcePort]
  const isVisit = rule.way === 'in' || isAnswer
  const who = isVisit ? (alert.visitor ?? asker) : asker
  const app = appAt(who)
  const target = isVisit ? appAt(asked) : null
  const name = app === null ? who : `The app ${app} (${who})`
  const whole = [name, rule.did, target === null ? '' : `, to the app ${target}`].join(' ').replace(' ,', ',')
  return {
    kind: rule.kind,
    severity: rule.severity,
    // The check's questions are told apart by their word; all else by what was found, and where.
    topic: rule.way === 'door' ? (alert.request?.path ?? '') : `${rule.sid} ${target ?? asked}`,
    source: who,
    sourcePort: alert.visitor === null ? askerPort : null,
    destination: asked,
    port: askedPort,
    protocol: alert.protocol,
    at: alert.at,
    app,
    target,
    message: `${whole}${detailOf(alert)}.`,
    rule: { uid: String(rule.sid), title: rule.title, desc: rule.means },
  }
}

function detailOf({ request, name }: Alert): string {
  if (request !== null) return `: ${request.method} ${request.host}${request.path}`
  return name === null ? '' : `: ${name}`
}

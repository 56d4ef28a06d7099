import type { Finding } from '#contract/guard.ts'
import type { Alert } from './eve.ts'
import { isOther } from './rule-set.ts'
import { ruleOf } from './rules.ts'

/** Which app has an address on this host. */
export type AppAt = (address: string) => string | null

/** An alert as people are told of it; undefined where no rule that is known made it. */
export function describeAlert(alert: Alert, appAt: AppAt): Finding | undefined {
  const rule = ruleOf(alert.sid)
  if (rule === undefined) return isOther(alert.sid) ? describeOther(alert, appAt) : undefined
  const isAnswer = rule.way === 'back'
  // An answer is told of with its own packet, or with the one by which its asker confirms it.
  const isTurned = isAnswer && appAt(alert.source) !== null
  const [asked, askedPort] = isTurned ? [alert.source, alert.sourcePort] : [alert.destination, alert.port]
  const [asker, askerPort] = isTurned ? [alert.destination, alert.port] : [alert.source, alert.sourcePort]
  const isVisit = rule.way === 'in' || isAnswer
  const who = isVisit ? (alert.visitor ?? asker) : asker
  const app = appAt(who)
  const target = isVisit ? appAt(asked) : null
  const name = app === null ? who : `The app ${app} (${who})`
  const whom = target === null ? '' : `${isAnswer ? ' of' : ', to'} the app ${target}`
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
    message: `${name} ${rule.did}${whom}${detailOf(alert)}.`,
    rule: { uid: String(rule.sid), title: rule.title, desc: rule.means },
  }
}

/** What a rule of others found: what it means, its makers know. What an app itself does so is graver than what is sent to one. */
function describeOther(alert: Alert, appAt: AppAt): Finding {
  const { sid, title, source, sourcePort, destination, port, visitor } = alert
  const sender = visitor === null ? appAt(source) : null
  const who = visitor ?? source
  const target = sender === null ? (appAt(destination) ?? appAt(source)) : null
  const name = sender === null ? who : `The app ${sender} (${who})`
  return {
    ...{ kind: sender === null ? 'web attack' : 'outbound', severity: sender === null ? 2 : 4 },
    ...{ topic: `${sid} ${target ?? destination}`, source: who, destination, port, app: sender, target },
    ...{ sourcePort: visitor === null ? sourcePort : null, protocol: alert.protocol, at: alert.at },
    message: `${name} sent what rule ${sid} of Emerging Threats looks for (${title})${target === null ? '' : `, to the app ${target}`}${detailOf(alert)}.`,
    rule: {
      ...{ uid: String(sid), title },
      desc: 'A rule of Emerging Threats Open, whose makers are sure of it: search for its number.',
    },
  }
}

function detailOf({ request, name }: Alert): string {
  if (request !== null) return `: ${request.method} ${request.host}${request.path}`
  return name === null ? '' : `: ${name}`
}

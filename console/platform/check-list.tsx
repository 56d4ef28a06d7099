import { CheckCircledIcon, CrossCircledIcon } from '@radix-ui/react-icons'
import type { Evidence } from '#contract/trust.ts'
import { counted, elapsed } from '#runtime/kit/human-units.ts'
import classes from './check-list.module.css'

/** What the checks found, each as it ended. */
export function CheckList(props: { readonly seen: readonly Evidence[]; readonly isOver: boolean }) {
  const { seen, isOver } = props
  if (seen.length === 0) return null
  const failed = seen.filter(({ passed }) => !passed).length
  return (
    <div>
      <p role="status" className={classes.sum}>
        {isOver
          ? `${counted(seen.length, 'check')} ran, ${failed} failed.`
          : `${counted(seen.length, 'check')} so far …`}
      </p>
      <ul className={classes.list}>
        {seen.map((evidence) => (
          <Check key={evidence.name} evidence={evidence} />
        ))}
      </ul>
    </div>
  )
}

function Check({ evidence }: { readonly evidence: Evidence }) {
  const { passed, name, promises, summary, durationMs } = evidence
  return (
    <li className={classes.check} data-passed={passed}>
      {passed ? <CheckCircledIcon aria-label="passed" /> : <CrossCircledIcon aria-label="failed" />}
      <div>
        <strong>{name}</strong>{' '}
        <span className={classes.aside}>
          {promises.join(', ')}; {elapsed(durationMs)}
        </span>
        <p>
          <bdi>{summary}</bdi>
        </p>
      </div>
    </li>
  )
}

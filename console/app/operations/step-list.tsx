import { Loader, Timeline } from '@mantine/core'
import { CheckIcon, Cross2Icon } from '@radix-ui/react-icons'
import classes from './step-list.module.css'

/** What was done, in order; the last one is under way until the operation has ended. */
export function StepList(props: {
  readonly steps: readonly string[]
  readonly end: 'done' | 'failed' | undefined
}) {
  const { steps, end } = props
  if (steps.length === 0) return null
  const last = steps.length - 1
  return (
    <Timeline active={last} bulletSize={22} lineWidth={2} aria-label="Steps">
      {steps.map((text, index) => {
        const [color, bullet] = LOOKS[index < last ? 'done' : (end ?? 'now')]
        return (
          <Timeline.Item
            // biome-ignore lint/suspicious/noArrayIndexKey: steps are only ever added at the end
            key={index}
            className={classes.item ?? ''}
            classNames={{ itemTitle: classes.title ?? '' }}
            color={color}
            bullet={bullet}
            title={text}
          />
        )
      })}
    </Timeline>
  )
}

const LOOKS = {
  done: ['teal', <CheckIcon key="done" aria-label="done" />],
  failed: ['red', <Cross2Icon key="failed" aria-label="failed" />],
  now: ['iris', <Loader key="now" size={12} color="white" role="img" aria-label="under way" />],
} as const

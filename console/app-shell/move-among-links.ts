import type { KeyboardEvent } from 'react'

const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 }

/** Left and right lead from link to link, around the ends; for a row of tabs. */
export function moveAmongLinks(event: KeyboardEvent<HTMLElement>): void {
  const step = STEPS[event.key]
  if (step === undefined) return
  const links = [...event.currentTarget.querySelectorAll('a')]
  const now = links.findIndex((link) => link.matches(':focus'))
  if (now === -1) return
  event.preventDefault()
  links[(now + step + links.length) % links.length]?.focus()
}

//! Goes around again at once when a request woke itself, instead of through everything that is around it.

use futures::task::AtomicWaker;
use std::{
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Release},
        },
    },
    task::{Context, Poll, Wake, Waker},
};

/// After so many rounds others have their turn.
const ROUNDS: usize = 16;

/// Runs `future`, which lets its own parts have their turn by waking itself: as pages do before they leave.
///
/// The runtime would poll the connection again, and through it all layers down to here.
pub async fn in_rounds<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut rounds = None;
    std::future::poll_fn(move |cx| Rounds::poll(&mut rounds, future.as_mut(), cx)).await
}

/// Who is woken while the future is polled notes it; who is woken between polls wakes the task.
struct Rounds {
    woken: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Rounds {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Nothing to take: the task is being polled, and will look at the flag.
        if !self.woken.swap(true, Release) {
            self.task.wake();
        }
    }
}

impl Rounds {
    fn poll<F: Future>(
        rounds: &mut Option<(Arc<Self>, Waker)>,
        mut future: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<F::Output> {
        let (rounds, waker) = rounds.get_or_insert_with(|| {
            let rounds = Arc::new(Self { woken: AtomicBool::new(false), task: AtomicWaker::new() });
            let waker = Waker::from(Arc::clone(&rounds));
            (rounds, waker)
        });
        for _ in 0..ROUNDS {
            rounds.task.take();
            rounds.woken.swap(false, Acquire);
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(waker)) {
                return Poll::Ready(output);
            }
            // From here on a wake reaches the task; one that came before is in the flag.
            rounds.task.register(cx.waker());
            if !rounds.woken.load(Acquire) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[test]
    fn who_wakes_itself_is_polled_at_once_but_not_for_ever() {
        let task = Arc::new(Task::default());
        let waker = Waker::from(Arc::clone(&task));
        let mut cx = Context::from_waker(&waker);
        let after = |rounds: usize| {
            let mut left = rounds;
            std::future::poll_fn(move |cx| {
                if left == 0 {
                    return Poll::Ready(());
                }
                left -= 1;
                cx.waker().wake_by_ref();
                Poll::Pending
            })
        };
        assert!(pin!(in_rounds(after(3))).poll(&mut cx).is_ready());
        assert_eq!(task.0.load(Relaxed), 0, "nobody outside was woken");
        let mut long = pin!(in_rounds(after(ROUNDS)));
        assert!(long.as_mut().poll(&mut cx).is_pending());
        assert_eq!(task.0.load(Relaxed), 1, "others have their turn, and then this one");
        assert!(long.as_mut().poll(&mut cx).is_ready());
    }

    #[test]
    fn who_is_woken_from_outside_wakes_the_task() {
        let task = Arc::new(Task::default());
        let waker = Waker::from(Arc::clone(&task));
        let mut cx = Context::from_waker(&waker);
        let (tell, told) = futures::channel::oneshot::channel();
        let mut waiting = pin!(in_rounds(told));
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        assert_eq!(task.0.load(Relaxed), 0);
        tell.send(7).unwrap();
        assert_eq!(task.0.load(Relaxed), 1);
        assert_eq!(waiting.as_mut().poll(&mut cx), Poll::Ready(Ok(7)));
    }
}

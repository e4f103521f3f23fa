//! Taking from a queue what belongs together.

use tokio::sync::mpsc::Receiver;
use tokio::task::yield_now;

/// Waits for something to be queued and takes at most `most`; how many were taken, 0 once the queue is closed and empty.
///
/// Whoever could run before us runs first, once: where many calls are under way those that are ready to queue do so, and
/// share one statement instead of two. Nobody waits for a clock, and a caller that is alone waits for nothing.
pub(crate) async fn recv_gathered<T>(
    queue: &mut Receiver<T>,
    taken: &mut Vec<T>,
    most: usize,
) -> usize {
    let first = queue.recv_many(taken, most).await;
    if first == 0 || first == most {
        return first;
    }
    yield_now().await;
    let mut count = first;
    while count < most
        && let Ok(further) = queue.try_recv()
    {
        taken.push(further);
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn those_that_are_ready_come_along_up_to_the_most() {
        for (most, expected) in [(2, vec![1, 2]), (3, vec![1, 2, 3]), (9, vec![1, 2, 3, 4])] {
            let (sender, mut queue) = mpsc::channel(8);
            sender.send(1).await.expect("room");
            let others = (2..=4).map(|number| {
                let sender = sender.clone();
                tokio::spawn(async move { sender.send(number).await })
            });
            let others: Vec<_> = others.collect();
            let mut taken = Vec::new();
            let count = recv_gathered(&mut queue, &mut taken, most).await;
            assert_eq!((count, &taken), (expected.len(), &expected));
            for other in others {
                other.await.expect("no panic").expect("room");
            }
        }
    }

    #[tokio::test]
    async fn what_is_queued_comes_before_the_end_of_a_closed_queue() {
        let (sender, mut queue) = mpsc::channel(8);
        sender.send(1).await.expect("room");
        drop(sender);
        let mut taken = Vec::new();
        assert_eq!(recv_gathered(&mut queue, &mut taken, 4).await, 1);
        assert_eq!(recv_gathered(&mut queue, &mut taken, 4).await, 0);
        assert_eq!(taken, [1]);
    }
}

//! Performs requests of the host itself: the steps of a scenario, and what a person sends from the console.

use std::sync::Arc;

use hyper::body::Bytes;
use hyper::{Request, Response, Version};
use tokio::time::Instant;
use uuid::Uuid;

use super::{Delivery, Passage, Pipeline, answer, whole};
use crate::door::Refusal;
use crate::journal::Via;
use crate::space::Space;

impl Pipeline {
    /// Performs a request in a space, as the client of this name. It needs no key, and no plan counts it. Returns `None` if a
    /// fault keeps the answer from the client.
    pub async fn perform_own(
        self: &Arc<Self>,
        via: Via,
        space: &Arc<Space>,
        client: &str,
        request: Request<Bytes>,
    ) -> Option<Response<Bytes>> {
        let begun = Instant::now();
        let method = request.method().clone();
        let request_id = Uuid::new_v4().to_string();
        let limit_bytes = self.door.body_limit_bytes;
        let is_small = request.body().len() <= limit_bytes;
        let admitted = self.door.admit_own(client).await;
        let reply = match admitted.and_then(|admitted| {
            if is_small { Ok(admitted) } else { Err(Refusal::BodyTooLarge { limit_bytes }) }
        }) {
            Ok(admitted) => {
                let (deadline, request_id) = (begun + self.time_limit, request_id.clone());
                let space = Some(Arc::clone(space));
                let passage = Passage { admitted, space, via, begun, deadline, request_id };
                self.perform_limited(request, Arc::new(passage)).await
            }
            Err(refusal) => answer::refused(&refusal, &method, self.parity),
        };
        let request_id = reply.request_id.as_ref().unwrap_or(&request_id);
        match reply.delivery {
            Some(Delivery::Lost | Delivery::Truncated) => None,
            Some(Delivery::Dripped { .. }) | None => {
                let answer = answer::finish(reply.answer, &method, Version::HTTP_11, request_id, None);
                Some(whole(answer).await)
            }
        }
    }
}

"""Starts AReaL's RolloutControllerV2 in front of an engine that runs already.

AReaL's example `online_rollout.py` does the same and then waits for a batch of rollouts, which takes the finished
trajectories and ends. Here nobody asks for a batch, so they stay until Tollgate exports them.

Started by Tollgate with its settings as JSON in TOLLGATE_AREAL_CONTROLLER, which keeps the admin key off the command
line. The first line on standard output says where the gateway is. Ends at SIGTERM.
"""

import json
import os
import signal
import sys
import threading


def main():
    settings = json.loads(os.environ["TOLLGATE_AREAL_CONTROLLER"])
    # AReaL logs to standard output, whose first line has to be the address.
    ready = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())

    from areal.api.cli_args import AgentConfig, InferenceEngineConfig
    from areal.api.io_struct import LocalInfServerInfo
    from areal.infra.scheduler.local import LocalScheduler
    from areal.v2.inference_service.controller.controller import RolloutControllerV2

    folder = settings["folder"]
    records = os.path.join(folder, "name_resolve")
    os.makedirs(records, exist_ok=True)
    scheduler = LocalScheduler(
        # One device, which nobody uses: the engine has its own.
        gpu_devices=[0],
        startup_timeout=settings["startSeconds"],
        experiment_name="tollgate",
        trial_name="arm",
        fileroot=folder,
        nfs_record_root=records,
    )
    config = InferenceEngineConfig(
        _version="v2",
        experiment_name="tollgate",
        trial_name="arm",
        backend="sglang:d1",
        model=settings["model"],
        admin_api_key=settings["adminKey"],
        tokenizer_path=settings["tokenizerPath"],
        request_timeout=settings["requestSeconds"],
        setup_timeout=settings["startSeconds"],
        workers_ready_timeout=settings["startSeconds"],
        fileroot=folder,
        agent=AgentConfig(
            # AReaL's default for agents that come over HTTP.
            agent_cls_path="areal.experimental.openai.proxy.online_agent._OnlineAgent",
            mode="online",
            admin_api_key=settings["adminKey"],
            tool_call_parser=settings["toolCallParser"],
            reasoning_parser=settings["reasoningParser"],
            engine_max_tokens=settings["engineMaxTokens"],
            set_reward_finish_timeout=0.0,
        ),
    )
    controller = RolloutControllerV2(config=config, scheduler=scheduler)
    try:
        controller.initialize(
            role="rollout",
            server_infos=[
                LocalInfServerInfo(host=settings["engineHost"], port=settings["enginePort"], process=None)
            ],
            wait=True,
        )
        line = {
            "url": controller.proxy_gateway_addr,
            "pid": os.getpid(),
            "dataProxyUrls": list(controller._data_proxy_addrs),
        }
        print(json.dumps(line), file=ready, flush=True)
        stop.wait()
    finally:
        controller.destroy()
        scheduler.delete_workers(None)


if __name__ == "__main__":
    try:
        main()
    except Exception as error:  # The driver shows the last lines of the log.
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        raise
